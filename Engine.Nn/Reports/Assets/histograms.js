/* Histograms over one range, each on its own small panel. */
page.drawers.histograms = (host, d, chart) => {
  if (d.samples.length === 0) return "No values to draw.";
  const { css } = page, columns = d.samples.length === 1 ? 1 : Math.min(d.samples.length, Math.max(1, Math.floor(chart.width / 260)));
  const rows = Math.ceil(d.samples.length / columns), gap = 22, panelWidth = (chart.width - gap * (columns - 1)) / columns, panelHeight = d.samples.length === 1 ? 260 : 150;
  const [canvas, g] = page.canvas(host, chart.width, rows * panelHeight, d.title);
  const min = d.edges[0], max = d.edges[d.edges.length - 1], panels = [];
  d.samples.forEach((s, i) => {
    const left = (i % columns) * (panelWidth + gap), top = Math.floor(i / columns) * panelHeight, bottom = top + panelHeight - 26, head = top + 38;
    g.textAlign = "left"; g.textBaseline = "top";
    g.fillStyle = css("--ink");
    g.font = "600 12.5px system-ui, sans-serif";
    g.fillText(page.fit(g, s.name, panelWidth), left, top + 2);
    g.font = "12px system-ui, sans-serif";
    g.fillStyle = css("--muted");
    g.fillText(page.fit(g, s.note, panelWidth), left, top + 18);
    const most = Math.max(1, ...s.counts), width = panelWidth / s.counts.length;
    g.fillStyle = page.color(0);
    s.counts.forEach((c, b) => { if (c > 0) g.fillRect(left + b * width, bottom - Math.max(1, c / most * (bottom - head)), Math.max(1, width - (width > 4 ? 1 : 0)), Math.max(1, c / most * (bottom - head))); });
    g.strokeStyle = css("--line");
    g.beginPath(); g.moveTo(left, bottom + .5); g.lineTo(left + panelWidth, bottom + .5); g.stroke();
    g.fillStyle = css("--muted");
    g.textAlign = "center";
    for (const t of page.ticks(min, max, panelWidth / 80)) {
      const x = left + (t - min) / (max - min) * panelWidth, half = g.measureText(page.number(t)).width / 2;
      g.fillText(page.number(t), Math.min(Math.max(x, left + half), left + panelWidth - half), bottom + 5);
    }
    panels.push({ s, left, top, width });
  });
  page.tip(canvas, (x, y) => {
    const p = panels.find(p => x >= p.left && x < p.left + panelWidth && y >= p.top && y < p.top + panelHeight);
    if (!p) return null;
    const b = Math.min(p.s.counts.length - 1, Math.floor((x - p.left) / p.width));
    return `${p.s.name}\n${page.number(d.edges[b])} to ${page.number(d.edges[b + 1])}: ${p.s.counts[b]}`;
  });
};
