// Owns: line plots as SVG, with the spread of the rounds as bars. Pure.
// I1: the ground is painted, so that a plot can be read on a dark page, too.

export interface Axis {
  readonly label: string
  readonly isLog: boolean
}

export interface PlotPoint {
  readonly x: number
  readonly y: number
  readonly least: number
  readonly most: number
}

export interface Plot {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly { readonly name: string; readonly points: readonly PlotPoint[] }[]
}

const WIDTH = 910
const HEIGHT = 440
const BOX = { left: 74, right: 312, top: 48, bottom: 56 }
const COLOURS = ['#1b6ca8', '#d1495b', '#2e8b57', '#8e5aa8', '#c77700', '#4a4a4a', '#00838f', '#7a5230']
/** Told apart without colours, too. */
const DASHES = ['', '7 4', '2 3', '10 3 2 3', '', '7 4', '2 3', '10 3 2 3']
const INK = '#24292f'
const FAINT = '#d8dee4'
const TICKS_WANTED = 6

/** Where a value stands along an axis, and what is written beside it. */
interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

export function svgOf({ title, x, y, series }: Plot): string {
  const points = series.flatMap((one) => one.points)
  const across = scaleOf(
    points.map((point) => point.x),
    x,
    { from: BOX.left, to: WIDTH - BOX.right },
  )
  const up = scaleOf(
    points.flatMap(({ least, most }) => [least, most]),
    y,
    {
      from: HEIGHT - BOX.bottom,
      to: BOX.top,
    },
  )
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" ` +
      `viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" rx="6" fill="#ffffff"/>`,
    text({ x: BOX.left, y: 28 }, title, 'font-size="16" font-weight="600"'),
    ...across.ticks.map((tick) => acrossTick(across.at(tick), tick)),
    ...up.ticks.map((tick) => upTick(up.at(tick), tick)),
    text({ x: (BOX.left + WIDTH - BOX.right) / 2, y: HEIGHT - 14 }, x.label, 'text-anchor="middle"'),
    text({ x: 0, y: 0 }, y.label, `text-anchor="middle" transform="translate(20 ${HEIGHT / 2}) rotate(-90)"`),
    ...series.map((one, index) => lineOf(one.points, { across, up, index })),
    ...series.map(({ name }, index) => keyOf(name, index)),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

function scaleOf(
  values: readonly number[],
  { isLog }: Axis,
  { from, to }: { readonly from: number; readonly to: number },
): Scale {
  const known = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0))
  const [least, most] = known.length === 0 ? [1, 1] : [Math.min(...known), Math.max(...known)]
  const ticks = isLog ? logTicks(least, most) : evenTicks(most)
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1]
  const place = isLog ? Math.log : (value: number): number => value
  const span = place(high) - place(low)
  return {
    ticks,
    at: (value) => from + ((place(value) - place(low)) / (span === 0 ? 1 : span)) * (to - from),
  }
}

/** From 0 on, in steps of 1, 2 or 5 times a power of ten. */
export function evenTicks(most: number): readonly number[] {
  if (most <= 0) return [0, 1]
  const rough = most / TICKS_WANTED
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10)
  const count = Math.max(1, Math.ceil(most / step - 1e-9))
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)))
}

/** Powers of two where they span few decades, else powers of ten. */
export function logTicks(least: number, most: number): readonly number[] {
  const base = most / least > 5_000 ? 10 : most / least > 64 ? 4 : 2
  const first = Math.floor(Math.log(least) / Math.log(base) + 1e-9)
  const last = Math.max(first + 1, Math.ceil(Math.log(most) / Math.log(base) - 1e-9))
  return Array.from({ length: last - first + 1 }, (_, index) => base ** (first + index))
}

interface Drawing {
  readonly across: Scale
  readonly up: Scale
  readonly index: number
}

function lineOf(points: readonly PlotPoint[], { across, up, index }: Drawing): string {
  const colour = COLOURS[index % COLOURS.length]
  const placed = points.map(({ x, y, least, most }) => {
    const bar = `M${shown(across.at(x))} ${shown(up.at(least))}V${shown(up.at(most))}`
    return { x: shown(across.at(x)), y: shown(up.at(y)), bar: least === most ? '' : bar }
  })
  const path = placed.map(({ x, y }, order) => `${order === 0 ? 'M' : 'L'}${x} ${y}`).join('')
  const dots = placed.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`)
  return (
    `<path d="${placed.map(({ bar }) => bar).join('')}" stroke="${colour}" stroke-width="5" stroke-opacity="0.25"/>` +
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.2" stroke-dasharray="${dashOf(index)}"/>` +
    dots.join('')
  )
}

function keyOf(name: string, index: number): string {
  const [left, y] = [WIDTH - BOX.right + 22, BOX.top + 12 + index * 24]
  const colour = COLOURS[index % COLOURS.length]
  return (
    `<path d="M${left} ${y}h26" stroke="${colour}" stroke-width="2.2" stroke-dasharray="${dashOf(index)}"/>` +
    `<circle cx="${left + 13}" cy="${y}" r="3.5" fill="${colour}"/>` +
    text({ x: left + 34, y: y + 4 }, name, '')
  )
}

function dashOf(index: number): string {
  return DASHES[index % DASHES.length] ?? ''
}

function acrossTick(x: number, value: number): string {
  const bottom = HEIGHT - BOX.bottom
  return (
    `<path d="M${shown(x)} ${BOX.top}V${bottom}" stroke="${FAINT}"/>` +
    text({ x, y: bottom + 19 }, wordOf(value), 'text-anchor="middle"')
  )
}

function upTick(y: number, value: number): string {
  return (
    `<path d="M${BOX.left} ${shown(y)}H${WIDTH - BOX.right}" stroke="${FAINT}"/>` +
    text({ x: BOX.left - 8, y: y + 4 }, wordOf(value), 'text-anchor="end"')
  )
}

function text(at: { readonly x: number; readonly y: number }, words: string, attributes: string): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${shown(at.x)}" y="${shown(at.y)}" fill="${INK}" ${attributes}>${safe}</text>`
}

function shown(value: number): string {
  return Number(value.toFixed(1)).toString()
}

export function wordOf(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))}M`
  if (value >= 10_000) return `${Number((value / 1_000).toPrecision(3))}k`
  return (value >= 100 ? Math.round(value) : Number(value.toPrecision(3))).toString()
}
