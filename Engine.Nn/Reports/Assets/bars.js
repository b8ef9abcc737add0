/* Horizontal bars, one for each name. */
page.drawers.bars = (host, d, chart) => {
  if (d.names.length === 0) return "No values to draw.";
  const { css } = page, step = 30, height = d.names.length * step + 6, [canvas, g] = page.canvas(host, chart.width, height, d.title);
  g.font = "13px system-ui, sans-serif";
  const names = d.names.map(n => page.fit(g, n, chart.width * .35));
  const left = 10 + Math.max(...names.map(n => g.measureText(n).width));
  const room = 10 + Math.max(...d.texts.map(t => g.measureText(t).width)), hasNegative = d.values.some(v => v < 0);
  const most = Math.max(...d.values.map(v => Math.abs(v ?? 0))) || 1;
  const first = left + (hasNegative ? room : 0), span = Math.max(20, chart.width - first - room - 4);
  const zero = hasNegative ? first + span / 2 : first, unit = (hasNegative ? span / 2 : span) / most;
  g.textBaseline = "middle";
  d.values.forEach((v, i) => {
    const middle = 3 + step * i + step / 2, length = (v ?? 0) * unit;
    g.fillStyle = css("--ink");
    g.textAlign = "right";
    g.fillText(names[i], left - 4, middle);
    g.fillStyle = page.color(v < 0 ? 1 : 0);
    g.beginPath();
    g.roundRect(Math.min(zero, zero + length), middle - 9, Math.max(1, Math.abs(length)), 18, 3);
    g.fill();
    g.fillStyle = css("--muted");
    g.textAlign = v < 0 ? "right" : "left";
    g.fillText(d.texts[i], zero + length + (v < 0 ? -6 : 6), middle);
  });
  page.tip(canvas, (x, y) => d.names[Math.floor((y - 3) / step)] === undefined ? null : `${d.names[Math.floor((y - 3) / step)]}: ${d.texts[Math.floor((y - 3) / step)]}`);
};
