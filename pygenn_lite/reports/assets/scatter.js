// Runs at sampled values, as points: the controls say along what, and coloured by which measure.
const columns = runs.data
const values = columns[measure.value]
const along = (control) => columns[sampled.find((axis) => axis.name === control.value).column]
const order = [...Array(values.length).keys()].filter((run) => Number.isFinite(values[run]))
const take = (column) => order.map((run) => column[run])
const data = {run: order, shown: take(values)}
sampled.forEach((axis, place) => { data["value_" + place] = take(columns[axis.column]) })
data.x = take(along(x))
data.y = take(along(y))
points.selected.indices = []
points.data = data
let low = Math.min(...data.shown), high = Math.max(...data.shown)
if (!(low < high)) { low = (low || 0) - 0.5; high = low + 1 }
mapper.setv({low, high})
bar.title = units[measure.value]
const label_of = (control) => sampled.find((axis) => axis.name === control.value).label
x_axis.axis_label = label_of(x)
y_axis.axis_label = label_of(y)
for (const axis of panel_axes) axis.axis_label = units[measure.value]
