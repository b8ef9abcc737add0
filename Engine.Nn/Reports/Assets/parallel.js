/* One line for each row across parallel axes. */
page.drawers.parallel = (host, d, chart) => {
  const { css, number } = page, count = d.axes[0].values.length;
  if (count === 0) return "No values to draw.";
  const height = 360, top = 40, bottom = height - 14, [canvas, g] = page.canvas(host, chart.width, height, d.title);
  const axes = d.axes.map(a => {
    const at = v => v === null ? null : a.log ? Math.log10(v) : v;
    const [min, max] = page.range(a.values.map(at)) ?? [0, 1], words = a.words;
    const range = words ? [-.5, words.length - .5] : [min, max];
    const place = v => at(v) === null ? null : bottom - (at(v) - range[0]) / (range[1] - range[0]) * (bottom - top);
    let ticks = words ? words.map((_, i) => i) : a.log ? page.ticks(range[0], range[1], 5).filter(Number.isInteger).map(p => 10 ** p) : page.ticks(range[0], range[1], 6);
    if (a.log && ticks.length < 2) ticks = [10 ** range[0], 10 ** ((range[0] + range[1]) / 2), 10 ** range[1]];
    return { ...a, range, place, at, ticks, text: v => words ? words[v] ?? "–" : number(a.log ? Number(v.toPrecision(3)) : v) };
  });
  const longest = g.measureText.bind(g), first = 8 + Math.max(...axes[0].ticks.map(t => longest(axes[0].text(t)).width), 20);
  const last = chart.width - 16 - Math.min(chart.width * .2, longest(axes[axes.length - 1].name).width / 2);
  axes.forEach((a, i) => { a.x = first + (last - first) * i / (axes.length - 1); });
  const colored = axes[d.color], shade = r => {
    const v = colored.at(colored.values[r]);
    return v === null ? css("--line") : `rgb(${page.mix(css("--s1"), css("--s0"), (v - colored.range[0]) / (colored.range[1] - colored.range[0]))})`;
  };
  let held = -1;
  const trace = r => {
    g.beginPath();
    let on = false;
    for (const a of axes) {
      const y = a.place(a.values[r]);
      if (y === null) { on = false; continue; }
      if (on) g.lineTo(a.x, y); else g.moveTo(a.x, y);
      on = true;
    }
    g.stroke();
  };
  const paint = () => {
    g.clearRect(0, 0, chart.width, height);
    g.lineJoin = "round";
    for (let r = 0; r < count; r++) {
      g.globalAlpha = held >= 0 ? .12 : count > 200 ? .3 : .65;
      g.lineWidth = 1.4;
      g.strokeStyle = shade(r);
      trace(r);
    }
    g.globalAlpha = 1;
    if (held >= 0) { g.lineWidth = 3; g.strokeStyle = shade(held); trace(held); }
    for (const a of axes) {
      g.strokeStyle = css("--muted");
      g.lineWidth = 1;
      g.beginPath(); g.moveTo(Math.round(a.x) + .5, top - 4); g.lineTo(Math.round(a.x) + .5, bottom + 4); g.stroke();
      g.textAlign = "right"; g.textBaseline = "middle";
      for (const t of a.ticks) {
        const text = page.fit(g, a.text(t), 90), y = a.place(t), width = g.measureText(text).width;
        g.fillStyle = css("--card"); g.globalAlpha = .75; g.fillRect(a.x - 7 - width, y - 7, width + 2, 14); g.globalAlpha = 1;
        g.fillStyle = css("--muted"); g.fillText(text, a.x - 6, y);
        g.beginPath(); g.moveTo(a.x - 4, y); g.lineTo(a.x, y); g.stroke();
      }
      g.fillStyle = css("--ink"); g.textAlign = "center"; g.textBaseline = "top";
      g.font = "600 12.5px system-ui, sans-serif";
      g.fillText(page.fit(g, a.name, (last - first) / (axes.length - 1) - 8), Math.max(a.x, g.measureText(a.name).width / 2), 8);
      g.font = "12px system-ui, sans-serif";
    }
  };
  paint();
  page.tip(canvas, (x, y) => {
    let best = 8, row = -1;
    for (let k = 0; k + 1 < axes.length; k++) {
      const a = axes[k], b = axes[k + 1];
      if (x < a.x || x > b.x) continue;
      for (let r = 0; r < count; r++) {
        const p = a.place(a.values[r]), q = b.place(b.values[r]);
        if (p === null || q === null) continue;
        const distance = Math.abs(p + (q - p) * (x - a.x) / (b.x - a.x) - y);
        if (distance < best) { best = distance; row = r; }
      }
    }
    if (row !== held) { held = row; paint(); }
    return row < 0 ? null : axes.map(a => `${a.name}: ${a.values[row] === null ? "–" : a.words ? a.words[a.values[row]] : number(a.values[row])}`).join("\n");
  });
  canvas.addEventListener("mouseleave", () => { if (held >= 0) { held = -1; paint(); } });
};
