/* Fills the charts of the page from the server's events while a run goes on. */
(() => {
  const most = 4000, byId = id => document.getElementById("live-" + id);
  const text = v => typeof v === "string" ? v : page.number(v);
  const targets = new Map(), waiting = new Set();
  let epochs = 0, ended = false;

  const redraw = chart => {
    if (waiting.size === 0) requestAnimationFrame(() => {
      for (const c of waiting) if (c.plot) c.plot.setData(page.joined(c.data));
      waiting.clear();
    });
    waiting.add(chart);
  };

  const add = (key, x, y) => {
    for (const [chart, i] of targets.get(key) ?? []) {
      const s = chart.data.series[i];
      s.x.push(x);
      s.y.push(typeof y === "number" && (!chart.data.logY || y > 0) ? y : null);
      if (s.x.length > most) {
        const keep = (_, place) => (s.x.length - 1 - place) % 2 === 0, kept = s.x.filter(keep), values = s.y.filter(keep);
        s.x = kept;
        s.y = values;
      }
      redraw(chart);
    }
  };

  const handlers = {
    begin: e => {
      epochs = e.epochs;
      if (String(e.version) !== document.getElementById("live").dataset.version) location.reload();
      byId("status").textContent = "training";
    },
    step: e => {
      for (const key of ["loss", "learning_rate", "samples_per_second", "gradient_norm"]) add("step." + key, e.epoch, e[key]);
      byId("epoch").textContent = `${Math.min(epochs, Math.ceil(e.epoch))} of ${epochs}`;
      byId("step").textContent = e.step.toLocaleString("en");
      byId("loss").textContent = text(e.loss);
      byId("speed").textContent = typeof e.samples_per_second === "number" ? Math.round(e.samples_per_second).toLocaleString("en") : "–";
    },
    epoch: e => {
      for (const [name, value] of Object.entries(e.figures)) add("epoch." + name, e.epoch, value);
      const row = page.element(byId("epochs").tBodies[0], "tr");
      page.element(row, "td", "n", String(e.epoch));
      for (const head of byId("epochs").querySelectorAll("th[data-name]")) page.element(row, "td", "n", e.figures[head.dataset.name] === undefined ? "–" : text(e.figures[head.dataset.name]));
    },
    end: (e, source) => {
      ended = true;
      byId("status").textContent = e.words;
      source.close();
    },
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const chart of page.charts) (chart.data.live ?? []).forEach((key, i) => targets.set(key, [...(targets.get(key) ?? []), [chart, i]]));
    byId("status").textContent = "waiting";
    const source = new EventSource("events");
    for (const type of Object.keys(handlers)) source.addEventListener(type, e => handlers[type](JSON.parse(e.data), source));
    source.addEventListener("open", () => { if (byId("status").textContent === "connection lost") byId("status").textContent = "training"; });
    source.addEventListener("error", () => { if (!ended) byId("status").textContent = "connection lost"; });
  });
})();
