/* Lines over a common axis, by uPlot. */
page.drawers.lines = (host, d, chart) => {
  const { css, color, number } = page;
  chart.plot = null;

  /* Steps and epochs are counted: no marks between whole numbers. */
  const counted = !d.live && d.series.every(s => s.x.every(Number.isInteger));
  const wholes = [1, 2, 5].flatMap(f => [...Array(15).keys()].map(p => f * 10 ** p)).sort((a, b) => a - b);
  if (!d.live && !d.series.some(s => s.y.some(v => v !== null))) return "No values to draw.";
  const text = v => v === null || v === undefined ? "" : number(v);
  const powers = (_, splits) => splits.map(v => v > 0 && Math.abs(Math.log10(v) % 1) < 1e-9 ? v : null);
  const axis = (log, more) => ({
    stroke: css("--muted"), grid: { stroke: css("--grid"), width: 1, ...(log ? { filter: powers } : {}) }, ticks: { show: false }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 18, labelGap: 2,
    values: (_, splits) => splits.map(text), ...more,
  });
  const spread = (u, min, max) => min === null ? [0, 1] : min === max ? [min - (Math.abs(min) * .05 || 1), max + (Math.abs(max) * .05 || 1)] : [min, max];
  const options = {
    width: chart.width, height: 300, padding: [10, 14, 0, 0],
    scales: {
      x: d.logX ? { time: false, distr: 3 } : { time: false, range: spread },
      y: d.logY ? { distr: 3 } : {},
    },
    axes: [
      axis(d.logX, { label: d.xAxis, size: 30, ...(counted && !d.logX ? { incrs: wholes } : {}) }),
      axis(d.logY, { label: d.yAxis || undefined, size: (_, values) => 12 + 7 * Math.max(3, ...(values ?? []).map(v => v.length)) }),
    ],
    series: [
      { label: d.xAxis, value: (_, v) => text(v) },
      ...d.series.map(s => ({
        label: s.name, stroke: color(s.color), width: 1.8, dash: s.dashed ? [7, 5] : undefined, value: (_, v) => text(v), points: { size: s.points ? 6 : 5, fill: color(s.color), ...(s.points ? { show: true } : {}) }, ...(s.points ? { paths: () => null } : {}),
      })),
    ],
    legend: { markers: { fill: (u, i) => i === 0 ? "transparent" : color(d.series[i - 1].color), width: 0 } },
    cursor: { drag: { x: true, y: true, uni: 30 } },
  };
  chart.plot = new uPlot(options, page.joined(d), host);
};

page.joined = d => d.series.length === 0 ? [[], []] : uPlot.join(d.series.map(s => [s.x, s.y]));
