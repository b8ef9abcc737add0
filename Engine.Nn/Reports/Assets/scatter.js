/* Clouds of points. */
page.drawers.scatter = (host, d, chart) => {
  const xs = page.range(d.series.flatMap(s => s.x.filter((_, i) => s.y[i] !== null))), ys = page.range(d.series.flatMap(s => s.y));
  if (!xs || !ys) return "No values to draw.";
  const height = 340, [canvas, g] = page.canvas(host, chart.width, height, d.title);
  const plane = page.plane(g, chart.width, height, page.padded(xs), page.padded(ys), d.xAxis, d.yAxis);
  plane.axes(true);
  const count = d.series.reduce((n, s) => n + s.x.length, 0), radius = count > 2000 ? 1.5 : count > 300 ? 2.3 : 3.5;
  const points = [];
  for (const s of d.series) {
    g.fillStyle = page.color(s.color);
    g.globalAlpha = count > 300 ? .55 : .8;
    s.x.forEach((x, i) => {
      if (s.y[i] === null) return;
      const at = [plane.x(x), plane.y(s.y[i])];
      g.beginPath();
      g.arc(at[0], at[1], radius, 0, 2 * Math.PI);
      g.fill();
      points.push([at[0], at[1], `${s.name}\n${d.xAxis} ${page.number(x)}\n${d.yAxis} ${page.number(s.y[i])}`]);
    });
  }
  g.globalAlpha = 1;
  page.tip(canvas, (x, y) => page.nearest(points, x, y, 10));
  if (d.series.length > 1) page.legend(host, d.series.map(s => [s.name, page.color(s.color)]));
};

/* The text of the nearest of points [x, y, text] within some pixels, or null. */
page.nearest = (points, x, y, within) => {
  let best = within * within, text = null;
  for (const p of points) {
    const distance = (p[0] - x) ** 2 + (p[1] - y) ** 2;
    if (distance < best) { best = distance; text = p[2]; }
  }
  return text;
};

/* A text that fits a width, cut with an ellipsis. */
page.fit = (g, text, width) => {
  if (g.measureText(text).width <= width) return text;
  let n = text.length;
  while (n > 1 && g.measureText(text.slice(0, n) + "…").width > width) n--;
  return text.slice(0, n) + "…";
};
