// Heat map and curves over two of the swept dimensions: summarises the runs as the controls say.
const columns = runs.data
const of_axis = (control, otherwise) => {
  const found = axes.findIndex((axis) => axis.name === control.value)
  return found < 0 ? otherwise : found
}
const ix = of_axis(x, 0)
let iy = of_axis(y, 1)
if (ix === iy) {
  iy = axes.findIndex((_, place) => place !== ix)
  y.value = axes[iy].name  // calls this again
  return
}
fixed.forEach((control, place) => { control.visible = place !== ix && place !== iy })
const held = fixed.map((control, place) =>
  place === ix || place === iy || control.value === "" ? -1 : Number(control.value))

const nx = axes[ix].levels.length, ny = axes[iy].levels.length
const size = nx * ny
const count = new Float64Array(size), sum = new Float64Array(size), squares = new Float64Array(size)
const failed = new Float64Array(size), planned = new Float64Array(size)
const values = columns[measure.value]
const codes = axes.map((axis) => columns[axis.codes])
for (let run = 0; run < codes[0].length; run++) {
  if (held.some((level, place) => level >= 0 && codes[place][run] !== level)) continue
  const cell = codes[iy][run] * nx + codes[ix][run]
  planned[cell] += 1
  if (columns.status[run] !== "done") failed[cell] += 1
  const value = values[run]
  if (!Number.isFinite(value)) continue
  count[cell] += 1
  sum[cell] += value
  squares[cell] += value * value
}
const data = {x: [], y: [], shown: [], mean: [], spread: [], runs: [], failed: [], x_level: [], y_level: []}
for (let cell = 0; cell < size; cell++) {
  if (planned[cell] === 0) continue
  const mean = count[cell] > 0 ? sum[cell] / count[cell] : NaN
  const spread = count[cell] > 1
    ? Math.sqrt(Math.max(squares[cell] - count[cell] * mean * mean, 0) / (count[cell] - 1)) : NaN
  const px = cell % nx, py = Math.floor(cell / nx)
  data.x.push(px)
  data.y.push(py)
  data.mean.push(mean)
  data.spread.push(spread)
  data.runs.push(count[cell])
  data.failed.push(failed[cell])
  data.shown.push({mean, spread, runs: count[cell], failed: failed[cell]}[statistic.value])
  data.x_level.push(axes[ix].levels[px])
  data.y_level.push(axes[iy].levels[py])
}
cells.selected.indices = []
cells.data = data

const finite = data.shown.filter(Number.isFinite)
let low = Math.min(...finite), high = Math.max(...finite)
if (finite.length === 0) { low = 0; high = 1 }
if (low === high) { low -= 0.5; high += 0.5 }
mapper.low = low
mapper.high = high
const said = statistic.value === "mean" ? "" : {spread: "spread of ", runs: "runs with ", failed: "failed runs, "}[statistic.value]
bar.title = said + units[measure.value]

const thin = (number, most) => {
  const step = Math.max(1, Math.ceil(number / most))
  return [...Array(number).keys()].filter((level) => level % step === 0)
}
const show_levels = (ticker, formatter, levels, most) => {
  ticker.ticks = thin(levels.length, most)
  formatter.args = {levels}
}
show_levels(x_ticker, x_formatter, axes[ix].levels, 11)
show_levels(y_ticker, y_formatter, axes[iy].levels, 14)
show_levels(curve_ticker, curve_formatter, axes[ix].levels, 11)
heat.x_range.setv({start: -0.5, end: nx - 0.5})
heat.y_range.setv({start: -0.5, end: ny - 0.5})
x_axis.axis_label = axes[ix].label
y_axis.axis_label = axes[iy].label
curve_x_axis.axis_label = axes[ix].label
curve_y_axis.axis_label = units[measure.value]

// Curves: the mean along x, one for some of the levels of y.
const lines = {xs: [], ys: [], color: [], label: []}
for (const level of thin(ny, 7)) {
  const xs = [], ys = []
  for (let place = 0; place < nx; place++) {
    const cell = level * nx + place
    if (count[cell] === 0) continue
    xs.push(place)
    ys.push(sum[cell] / count[cell])
  }
  lines.xs.push(xs)
  lines.ys.push(ys)
  lines.color.push(palette[Math.round((palette.length - 1) * 0.92 * (ny > 1 ? level / (ny - 1) : 0))])
  lines.label.push(axes[iy].short + " = " + axes[iy].levels[level])
}
curves.data = lines
