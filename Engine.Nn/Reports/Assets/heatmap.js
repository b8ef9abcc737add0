/* A matrix, its values as colors; small ones with their numbers. */
page.drawers.heatmap = (host, d, chart) => {
  const { css, number } = page, rows = d.rows.length, columns = d.columns.length;
  const measure = page.canvas(host, 1, 1, "")[1];
  host.replaceChildren();
  const nameWidth = Math.min(chart.width * .3, Math.max(...d.rows.map(n => measure.measureText(n).width)));
  const lastName = measure.measureText(d.columns[columns - 1]).width, left = nameWidth + 12;
  let cell = Math.max(3, Math.min(56, (chart.width - left - 4) / columns));
  const slanted = d.columns.some(n => measure.measureText(n).width > cell - 6);
  /* Slanted names reach beyond the last column. */
  if (slanted) cell = Math.max(3, Math.min(56, (chart.width - left - Math.min(130, lastName) * .72) / columns));
  const tall = Math.max(3, Math.min(cell, rows > 16 ? Math.max(10, 480 / rows) : 40));
  const top = 24 + (slanted ? Math.min(100, Math.max(...d.columns.map(n => measure.measureText(n).width)) * .72 + 10) : 16);
  const [canvas, g] = page.canvas(host, chart.width, top + tall * rows + 4, d.title);
  const known = d.values.filter(v => v !== null), most = known.reduce((a, v) => Math.max(a, Math.abs(v)), 0) || 1, signed = known.some(v => v < 0);
  const zero = css("--heat0"), positive = css("--heat1"), negative = css("--heat-negative");
  const everyRow = Math.ceil(14 / tall), everyColumn = Math.ceil(14 / cell);
  g.fillStyle = css("--muted");
  g.textBaseline = "middle";
  g.textAlign = "right";
  d.rows.forEach((n, r) => { if (r % everyRow === 0) g.fillText(page.fit(g, n, nameWidth), left - 6, top + tall * (r + .5)); });
  d.columns.forEach((n, c) => {
    if (c % everyColumn !== 0) return;
    g.save();
    g.translate(left + cell * (c + .5), top - 6);
    if (slanted) { g.rotate(-Math.PI / 4); g.textAlign = "left"; } else g.textAlign = "center";
    g.fillText(page.fit(g, n, slanted ? 130 : cell), 0, slanted ? 0 : -4);
    g.restore();
  });
  g.textAlign = "left"; g.textBaseline = "top";
  g.fillText(`${d.rowAxis} ↓   ${d.columnAxis} →`, 0, 2);
  const written = cell >= 26 && tall >= 16 && d.values.every(v => number(v).length * 6.6 <= cell);
  g.textAlign = "center"; g.textBaseline = "middle";
  d.values.forEach((v, i) => {
    const x = left + cell * (i % columns), y = top + tall * Math.floor(i / columns);
    /* The root, so that a few mistakes beside a thousand right answers are seen. */
    const part = v === null ? 0 : Math.sqrt(Math.abs(v) / most), fill = page.mix(zero, v < 0 ? negative : positive, part);
    g.fillStyle = v === null ? css("--line") : `rgb(${fill})`;
    g.fillRect(x, y, cell - (cell > 8 ? 1 : 0), tall - (tall > 8 ? 1 : 0));
    if (written) {
      const bright = (fill[0] * 299 + fill[1] * 587 + fill[2] * 114) / 1000;
      g.fillStyle = v === null ? css("--muted") : v === 0 && !signed ? css("--muted") : bright > 140 ? "#111820" : "#ffffff";
      g.fillText(number(v), x + cell / 2, y + tall / 2);
    }
  });
  page.tip(canvas, (x, y) => {
    const c = Math.floor((x - left) / cell), r = Math.floor((y - top) / tall);
    return c < 0 || r < 0 || c >= columns || r >= rows ? null : `${d.rowAxis} ${d.rows[r]}\n${d.columnAxis} ${d.columns[c]}\n${number(d.values[r * columns + c])}`;
  });
};
