/* A function of two variables from above: colors, lines of equal value, and paths over them. */
page.drawers.contours = (host, d, chart) => {
  const { css, number, color } = page, known = d.values.filter(v => v !== null);
  const height = Math.min(460, Math.max(320, chart.width * .72)), [canvas, g] = page.canvas(host, chart.width, height, d.title);
  const plane = page.plane(g, chart.width, height, d.xRange, d.yRange, d.xAxis, d.yAxis), { box } = plane;
  const least = known.reduce((a, b) => Math.min(a, b), Infinity), greatest = known.reduce((a, b) => Math.max(a, b), -Infinity), span = greatest - least;
  const level = v => v === null ? null : d.log ? Math.log10(v - least + span * 1e-4) : v;
  const heights = d.values.map(level), low = level(least), high = level(greatest), from = css("--map0"), to = css("--map1");

  if (span > 0) {
    const picture = new ImageData(d.columns, d.rows);
    heights.forEach((h, i) => {
      const row = d.rows - 1 - Math.floor(i / d.columns), at = 4 * (row * d.columns + i % d.columns);
      const [r, b, l] = h === null ? [0, 0, 0] : page.mix(from, to, (h - low) / (high - low));
      picture.data.set([r, b, l, h === null ? 0 : 255], at);
    });
    const small = document.createElement("canvas");
    small.width = d.columns;
    small.height = d.rows;
    small.getContext("2d").putImageData(picture, 0, 0);
    g.save();
    plane.clip();
    g.imageSmoothingEnabled = true;
    g.imageSmoothingQuality = "high";
    /* The values are those of the corners: a pixel's middle lies on its corner. */
    const cellX = (box.right - box.left) / (d.columns - 1), cellY = (box.bottom - box.top) / (d.rows - 1);
    g.drawImage(small, box.left - cellX / 2, box.top - cellY / 2, cellX * d.columns, cellY * d.rows);
    g.strokeStyle = css("--muted");
    g.globalAlpha = .45;
    g.lineWidth = .9;
    for (let k = 1; k < 16; k++) page.contour(g, heights, d.columns, d.rows, low + (high - low) * k / 16, i => box.left + i * cellX, j => box.bottom - j * cellY);
    g.restore();
  }
  g.strokeStyle = css("--line");
  g.strokeRect(box.left + .5, box.top + .5, box.right - box.left, box.bottom - box.top);
  plane.axes(false);

  g.save();
  plane.clip();
  g.lineJoin = "round";
  const points = [];
  for (const path of d.paths) {
    const at = path.x.map((x, i) => path.y[i] === null ? null : [plane.x(x), plane.y(path.y[i])]);
    const trace = () => { g.beginPath(); let on = false; for (const p of at) { if (!p) on = false; else if (on) g.lineTo(p[0], p[1]); else { g.moveTo(p[0], p[1]); on = true; } } };
    if (!path.points) {
      g.strokeStyle = css("--card"); g.lineWidth = 4.5; g.globalAlpha = .7; trace(); g.stroke();
      g.strokeStyle = color(path.color); g.lineWidth = 2; g.globalAlpha = 1; g.setLineDash(path.dashed ? [7, 5] : []); trace(); g.stroke(); g.setLineDash([]);
    }
    const shown = at.filter(p => p);
    g.fillStyle = color(path.color);
    if (path.points || shown.length <= 150) for (const p of shown) { g.beginPath(); g.arc(p[0], p[1], 2.6, 0, 2 * Math.PI); g.fill(); }
    if (shown.length > 0 && !path.points) {
      const first = shown[0], last = shown[shown.length - 1];
      g.fillStyle = css("--card"); g.beginPath(); g.arc(first[0], first[1], 4.5, 0, 2 * Math.PI); g.fill(); g.stroke();
      g.fillStyle = color(path.color); g.beginPath(); g.arc(last[0], last[1], 5.5, 0, 2 * Math.PI); g.fill();
      g.strokeStyle = css("--card"); g.lineWidth = 1.5; g.stroke();
    }
    at.forEach((p, i) => { if (p) points.push([p[0], p[1], `${path.name}, point ${i}\n${d.xAxis} ${number(path.x[i])}, ${d.yAxis} ${number(path.y[i])}`]); });
  }
  g.restore();
  page.tip(canvas, (x, y) => {
    const near = page.nearest(points, x, y, 8);
    if (near !== null) return near;
    const i = Math.round((x - box.left) / (box.right - box.left) * (d.columns - 1)), j = Math.round((box.bottom - y) / (box.bottom - box.top) * (d.rows - 1));
    return i < 0 || j < 0 || i >= d.columns || j >= d.rows ? null : `${d.xAxis} ${number(plane.fromX(x))}, ${d.yAxis} ${number(plane.fromY(y))}\nvalue about ${number(d.values[j * d.columns + i])}`;
  });
  if (d.paths.length > 0) page.legend(host, d.paths.map(p => [p.name, color(p.color)]));
};

/* The line of one level by marching squares: where an edge of a cell crosses the level, linearly between its ends. */
page.contour = (g, values, columns, rows, level, x, y) => {
  g.beginPath();
  for (let j = 0; j + 1 < rows; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      const at = j * columns + i, corners = [values[at], values[at + 1], values[at + columns + 1], values[at + columns]];
      if (corners.includes(null)) continue;
      const places = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], crossings = [];
      for (let k = 0; k < 4; k++) {
        const a = corners[k], b = corners[(k + 1) % 4];
        if ((a < level) !== (b < level)) {
          const t = (level - a) / (b - a), p = places[k], q = places[(k + 1) % 4];
          crossings.push([x(p[0] + (q[0] - p[0]) * t), y(p[1] + (q[1] - p[1]) * t)]);
        }
      }
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        g.moveTo(crossings[k][0], crossings[k][1]);
        g.lineTo(crossings[k + 1][0], crossings[k + 1][1]);
      }
    }
  }
  g.stroke();
};
