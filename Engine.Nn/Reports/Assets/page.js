"use strict";
/* What all pictures share: the page's data, colors of the theme, numbers as text, redrawing. */
const page = (() => {
  const drawers = {}, charts = [];
  const root = document.documentElement;
  const css = name => getComputedStyle(root).getPropertyValue(name).trim();
  const color = i => css("--s" + (((i % 10) + 10) % 10));

  /* Six digits at most, without zeros at the end. */
  const number = v => {
    if (v === null || v === undefined || Number.isNaN(v)) return "–";
    const size = Math.abs(v);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return v.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e").replace("-", "−");
    return String(Number(v.toPrecision(6))).replace("-", "−");
  };

  const element = (parent, tag, className, text) => {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    parent.appendChild(e);
    return e;
  };

  /* A canvas as sharp as the screen. */
  const canvas = (parent, width, height, label) => {
    const c = element(parent, "canvas"), ratio = Math.max(1, window.devicePixelRatio || 1);
    c.width = Math.round(width * ratio);
    c.height = Math.round(height * ratio);
    c.style.width = width + "px";
    c.style.height = height + "px";
    c.setAttribute("role", "img");
    c.setAttribute("aria-label", label);
    const context = c.getContext("2d");
    context.scale(ratio, ratio);
    context.font = "12px system-ui, sans-serif";
    return [c, context];
  };

  const legend = (parent, entries) => {
    const box = element(parent, "div", "legend");
    for (const [name, fill] of entries) {
      const item = element(box, "span");
      element(item, "i").style.background = fill;
      item.append(name);
    }
  };

  let tipBox = null;
  const hideTip = () => { if (tipBox) tipBox.hidden = true; };
  /* Text beside the pointer; at(x, y) gives it for a place on the canvas, or null. */
  const tip = (target, at) => {
    target.addEventListener("mousemove", e => {
      const box = target.getBoundingClientRect(), text = at(e.clientX - box.left, e.clientY - box.top);
      if (text === null) return hideTip();
      tipBox ??= element(document.body, "div", "tip");
      tipBox.hidden = false;
      tipBox.textContent = text;
      tipBox.style.left = Math.min(e.clientX + 14, window.innerWidth - tipBox.offsetWidth - 8) + "px";
      tipBox.style.top = Math.min(e.clientY + 14, window.innerHeight - tipBox.offsetHeight - 8) + "px";
    });
    target.addEventListener("mouseleave", hideTip);
  };

  const mix = (from, to, t) => {
    const parse = c => [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16));
    const a = parse(from), b = parse(to);
    return a.map((v, i) => Math.round(v + (b[i] - v) * t));
  };

  const draw = chart => {
    chart.width = chart.host.clientWidth;
    if (chart.width === 0) return;
    hideTip();
    chart.host.replaceChildren();
    const empty = drawers[chart.data.kind](chart.host, chart.data, chart);
    if (empty) element(chart.host, "div", "empty", empty);
  };
  const drawAll = () => charts.forEach(draw);

  const start = () => {
    for (const data of JSON.parse(document.getElementById("report-data").textContent)) {
      const chart = { host: document.getElementById("chart-" + data.id), data, width: 0 };
      charts.push(chart);
      draw(chart);
      new ResizeObserver(() => { if (chart.host.clientWidth !== chart.width) draw(chart); }).observe(chart.host);
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
    window.addEventListener("beforeprint", () => { root.dataset.theme = "light"; drawAll(); });
    window.addEventListener("afterprint", () => { delete root.dataset.theme; drawAll(); });
    root.dataset.ready = "1";
  };
  document.addEventListener("DOMContentLoaded", start);
  return { drawers, charts, css, color, number, element, canvas, legend, tip, mix, draw };
})();
