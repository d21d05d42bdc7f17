// The raster of the kept run that lies nearest to what was clicked on.
const columns = runs.data
let target = null
const chosen = clicked.selected.indices
if (mode === "grid") {
  if (chosen.length === 0) return
  target = axes.map((axis, place) => {
    const level = axis.name === x.value ? clicked.data.x[chosen[0]]
      : axis.name === y.value ? clicked.data.y[chosen[0]]
      : fixed[place].value === "" ? -1 : Number(fixed[place].value)
    return level < 0 ? NaN : level / Math.max(axis.levels.length - 1, 1)
  })
} else if (mode === "points") {
  if (chosen.length === 0) return
  const run = clicked.data.run[chosen[0]]
  target = axes.map((axis) => columns[axis.places][run])
} else { // nothing was clicked on yet: one in the middle
  target = axes.map(() => 0.5)
}
let best = -1, nearest = Infinity
kept.forEach((one, place) => {
  let distance = mode === "first" && one.first === one.last ? 1e6 : 0 // silent ones last
  axes.forEach((axis, number) => {
    const step = columns[axis.places][one.row] - target[number]
    if (Number.isFinite(step)) distance += step * step
  })
  if (distance < nearest) { nearest = distance; best = place }
})
if (best < 0) return
const one = kept[best]
const data = {t: [], row: [], color: [], size: []}
const size = Math.min(Math.max(380 / one.high + 1.3, 1.8), 6)
for (let spike = one.first; spike < one.last; spike++) {
  data.t.push(spikes.data.t[spike])
  data.row.push(spikes.data.row[spike])
  data.color.push(one.colors[spikes.data.population[spike]])
  data.size.push(size)
}
shown.data = data
plot.x_range.setv({start: one.begin, end: one.end})
plot.y_range.setv({start: one.high - 0.5, end: -0.5})
y_ticker.ticks = one.middles
y_formatter.args = {names: one.names, middles: one.middles}
plot.title.text = "Spikes of " + one.title
