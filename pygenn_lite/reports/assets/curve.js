// Curves over the one swept dimension: mean and spread of each population's values.
const columns = runs.data
const codes = columns[axis.codes]
const places = axis.values
const lines = {xs: [], ys: [], color: [], label: []}
const bands = {xs: [], ys: [], color: []}
const points = {x: [], y: [], color: [], run: []}
for (const series of groups[measure.value]) {
  const values = columns[series.column]
  const count = new Float64Array(places.length), sum = new Float64Array(places.length)
  const squares = new Float64Array(places.length)
  for (let run = 0; run < codes.length; run++) {
    const value = values[run]
    if (!Number.isFinite(value)) continue
    count[codes[run]] += 1
    sum[codes[run]] += value
    squares[codes[run]] += value * value
    points.x.push(places[codes[run]])
    points.y.push(value)
    points.color.push(series.color)
    points.run.push(run)
  }
  const xs = [], means = [], low = [], high = []
  for (let level = 0; level < places.length; level++) {
    if (count[level] === 0) continue
    const mean = sum[level] / count[level]
    const spread = count[level] > 1
      ? Math.sqrt(Math.max(squares[level] - count[level] * mean * mean, 0) / (count[level] - 1)) : 0
    xs.push(places[level])
    means.push(mean)
    low.push(mean - spread)
    high.push(mean + spread)
  }
  lines.xs.push(xs)
  lines.ys.push(means)
  lines.color.push(series.color)
  lines.label.push(series.label)
  bands.xs.push([...xs, ...[...xs].reverse()])
  bands.ys.push([...low, ...high.reverse()])
  bands.color.push(series.color)
}
line_source.data = lines
band_source.data = bands
point_source.data = points
y_axis.axis_label = units[measure.value]
