/* A plane with two axes on a canvas: ranges, round numbers on the axes, and the way from values to pixels. */
page.range = values => {
  let min = Infinity, max = -Infinity;
  for (const v of values) if (v !== null && v !== undefined) { if (v < min) min = v; if (v > max) max = v; }
  if (min > max) return null;
  if (min === max) { const room = Math.abs(min) * .1 || 1; return [min - room, max + room]; }
  return [min, max];
};

page.padded = ([min, max]) => { const room = (max - min) * .05; return [min - room, max + room]; };

page.ticks = (min, max, count) => {
  const rough = (max - min) / Math.max(1, count), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= rough * .999) ?? 10 * power;
  const ticks = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9 && ticks.length < 50; i++) ticks.push(i === 0 ? 0 : Number((i * step).toPrecision(12)));
  return ticks;
};

/* Draws axes; returns where values lie and the box between the axes. */
page.plane = (g, width, height, xRange, yRange, xName, yName) => {
  const { css, number } = page;
  const yTicks = page.ticks(yRange[0], yRange[1], height / 55);
  const left = 30 + Math.max(...yTicks.map(t => g.measureText(number(t)).width), 10), box = { left, top: 8, right: width - 10, bottom: height - 44 };
  const xTicks = page.ticks(xRange[0], xRange[1], (box.right - box.left) / 80);
  const x = v => box.left + (v - xRange[0]) / (xRange[1] - xRange[0]) * (box.right - box.left);
  const y = v => box.bottom - (v - yRange[0]) / (yRange[1] - yRange[0]) * (box.bottom - box.top);
  const fromX = p => xRange[0] + (p - box.left) / (box.right - box.left) * (xRange[1] - xRange[0]);
  const fromY = p => yRange[0] + (box.bottom - p) / (box.bottom - box.top) * (yRange[1] - yRange[0]);
  const axes = withGrid => {
    g.strokeStyle = css("--grid");
    g.fillStyle = css("--muted");
    g.lineWidth = 1;
    if (withGrid) {
      g.beginPath();
      for (const t of xTicks) { g.moveTo(Math.round(x(t)) + .5, box.top); g.lineTo(Math.round(x(t)) + .5, box.bottom); }
      for (const t of yTicks) { g.moveTo(box.left, Math.round(y(t)) + .5); g.lineTo(box.right, Math.round(y(t)) + .5); }
      g.stroke();
    }
    g.textAlign = "center"; g.textBaseline = "top";
    for (const t of xTicks) g.fillText(number(t), x(t), box.bottom + 6);
    g.textAlign = "right"; g.textBaseline = "middle";
    for (const t of yTicks) g.fillText(number(t), box.left - 6, y(t));
    g.textAlign = "center"; g.textBaseline = "bottom";
    g.fillText(xName, (box.left + box.right) / 2, height - 2, box.right - box.left);
    g.save();
    g.translate(2, (box.top + box.bottom) / 2);
    g.rotate(-Math.PI / 2);
    g.textBaseline = "top";
    g.fillText(yName, 0, 0, box.bottom - box.top);
    g.restore();
  };
  const clip = () => { g.beginPath(); g.rect(box.left, box.top, box.right - box.left, box.bottom - box.top); g.clip(); };
  return { x, y, fromX, fromY, box, axes, clip };
};
