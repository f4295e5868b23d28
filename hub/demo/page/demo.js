// The page asks for the house's state twice a second: it is a toy, the hub's
// own page is the one that is live.
const acts = {
  contact: [['open', 'Open'], ['close', 'Close'], ['cover-open', 'Take the cover off'], ['cover-closed', 'Put it back']],
  motion: [['walk', 'Walk past']],
  leak: [['spill', 'Spill water'], ['dry', 'Dry it']],
  smoke: [['fill', 'Make smoke'], ['air', 'Air the room']],
  siren: [],
  camera: [['walk', 'Somebody walks by'], ['cover', 'Cover it'], ['uncover', 'Take the cover off'], ['unplug', 'Unplug it'], ['plug', 'Plug it in']],
  'bell camera': [['ring', 'Ring its bell'], ['walk', 'Somebody walks by'], ['cover', 'Cover it'], ['uncover', 'Take the cover off'], ['unplug', 'Unplug it'], ['plug', 'Plug it in']],
  doorbell: [['ring', 'Ring it']],
  plug: [['on', 'Switch on'], ['off', 'Switch off']],
  lock: [['lock', 'Lock by hand'], ['unlock', 'Unlock by hand'], ['pin', 'Enter its PIN'], ['wrong-pin', 'Enter a wrong PIN'], ['jam', 'Jam the bolt'], ['free', 'Free it'], ['force', 'Force the door'], ['want-pin', 'Want a PIN from the hub'], ['want-no-pin', 'Want none']],
  dimmer: [['on', 'Switch on'], ['off', 'Switch off']],
  meter: [['on', 'Switch on'], ['off', 'Switch off'], ['wash', 'Draw 2000 W'], ['rest', 'Draw 2 W']],
  climate: [['warm', 'Warm the room'], ['mild', 'Leave it'], ['freeze', 'Let it freeze']],
  shutter: [['open', 'Open'], ['half', 'Half way'], ['close', 'Close']],
  'zigbee-keypad': [['arm-away', 'Away'], ['arm-home', 'Home'], ['disarm', 'Disarm'], ['panic', 'Panic'], ['fire', 'Fire'], ['medical', 'Medical help']],
  keypad: [['arm-away', 'Away'], ['arm-home', 'Home'], ['disarm', 'Disarm'], ['enter', 'Enter'], ['cancel', 'Cancel']],
}
// Keys for help want to be held for two seconds; the keypad itself counts them.
const help = [['panic', 'Hold for panic'], ['fire', 'Hold for fire'], ['medical', 'Hold for medical help']]
const battery = [['battery-low', 'Drain the battery'], ['battery-good', 'New battery'], ['battery-out', 'Take the battery out'], ['battery-in', 'Put it in']]
const mains = [['battery-out', 'Unplug it'], ['battery-in', 'Plug it in']]
// supplies is what can be done to what feeds a thing.
function supplies(kind) {
  if (['camera', 'bell camera'].includes(kind)) return []
  return ['siren', 'plug', 'dimmer', 'meter', 'shutter'].includes(kind) ? mains : battery
}
const said = document.getElementById('said')
const cards = new Map()

async function act(thing, what, digits = '') {
  const r = await fetch('do', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ thing, act: what, digits }),
  })
  said.textContent = r.ok ? '' : (await r.json()).detail
  await refresh()
}

function button(text, press) {
  const b = document.createElement('button')
  b.type = 'button'
  b.textContent = text
  b.addEventListener('click', press)
  return b
}

function hold(text, down, up) {
  const b = button(text, () => {})
  let held = false
  const press = () => { if (!held) { held = true; down() } }
  const release = () => { if (held) { held = false; up() } }
  b.addEventListener('pointerdown', press)
  for (const end of ['pointerup', 'pointerleave', 'pointercancel', 'blur']) b.addEventListener(end, release)
  b.addEventListener('keydown', (e) => { if (e.key === ' ' || e.key === 'Enter') press() })
  b.addEventListener('keyup', release)
  return b
}

// display draws what a keypad shows: its light, the seconds that it counts, and
// what else it says.
function display(box, s) {
  const words = [s.light || 'dark']
  if (s.seconds > 0) words.push(`${s.seconds} s`)
  if (s.seconds > 0) words.push(s.muted ? 'no tone' : s.seconds <= 10 ? 'rapid tone' : 'tone')
  box.textContent = [...words, ...s.besides].join(' · ')
  box.dataset.lit = String(s.light !== '')
  if (s.heard) said.textContent = `The keypad plays: ${s.heard}.`
}

function card(host, name) {
  const title = document.createElement('h2')
  const state = document.createElement('p')
  const keys = document.createElement('div')
  title.textContent = name
  state.className = 'state'
  keys.className = 'keys'
  host.className = 'card'
  host.append(title, state, keys)
  return { state, keys }
}

function add(t) {
  const host = document.createElement('article')
  host.id = t.key
  const c = card(host, t.name)
  let digits
  if (['keypad', 'zigbee-keypad'].includes(t.kind)) {
    digits = document.createElement('input')
    digits.inputMode = 'numeric'
    digits.placeholder = 'Code'
    digits.ariaLabel = 'Code'
    digits.autocomplete = 'off'
    digits.addEventListener('input', () => { if (digits.value.length === 1) act(t.key, 'typing') })
    c.display = document.createElement('output')
    c.display.className = 'display'
    c.display.ariaLabel = `${t.name} shows`
    const note = document.createElement('p')
    note.className = 'state'
    note.textContent = t.kind === 'keypad'
      ? 'Its link is not encrypted, so the hub refuses the codes that are typed here. Its keys for help work.'
      : 'A Zigbee keypad: its link is encrypted, and the code 24680 works here.'
    c.keys.before(c.display, note)
    c.keys.append(digits)
  }
  for (const [what, text] of acts[t.kind] ?? []) {
    c.keys.append(button(text, () => {
      act(t.key, what, digits?.value ?? '')
      if (digits) digits.value = ''
    }))
  }
  if (t.kind === 'keypad') {
    for (const [what, text] of help) c.keys.append(hold(text, () => act(t.key, `${what}-down`), () => act(t.key, `${what}-up`)))
  }
  if (t.kind === 'bell camera') c.keys.append(button('Listen to what it said', () => new Audio(`heard/${t.key}`).play()))
  for (const [what, text] of supplies(t.kind)) c.keys.append(button(text, () => act(t.key, what)))
  document.getElementById('things').append(host)
  return c
}

const stick = card(document.getElementById('stick'), 'Z-Wave stick')
stick.keys.append(
  button('Pull it', () => act('stick', 'pull')),
  button('Plug it in', () => act('stick', 'plug')),
  button('Jam the radio', () => act('stick', 'jam')),
  button('Stop jamming', () => act('stick', 'quiet')),
)
const zigbee = card(document.getElementById('zigbee'), 'Zigbee stick')
zigbee.keys.append(
  button('Pull it', () => act('zigbee-stick', 'pull')),
  button('Plug it in', () => act('zigbee-stick', 'plug')),
  button('Make its channel loud', () => act('zigbee-stick', 'noise')),
  button('Leave it alone', () => act('zigbee-stick', 'quiet')),
  button('Swap it for a fresh one', () => act('zigbee-stick', 'swap')),
)
const powerCard = document.getElementById('power')
const power = card(powerCard, 'Power of the hub')
power.keys.append(
  button('Cut the mains', () => act('power', 'cut')),
  button('Bring it back', () => act('power', 'restore')),
  button('Drain the battery', () => act('power', 'drain')),
  button('Charge it', () => act('power', 'charge')),
)
const clockCard = document.getElementById('clock')
const clock = card(clockCard, 'Clock of the hub’s box')
clock.keys.append(
  button('Set it an hour forward', () => act('clock', 'forward')),
  button('Set it an hour back', () => act('clock', 'back')),
)

async function refresh() {
  const r = await fetch('state').catch(() => null)
  if (!r?.ok) {
    said.textContent = 'The hub does not answer.'
    return
  }
  const s = await r.json()
  stick.state.textContent = `${s.stick.plugged ? 'plugged in' : 'pulled'} · noise ${s.stick.noise} dBm`
  zigbee.state.textContent = s.zigbee.plugged ? 'plugged in' : 'pulled'
  powerCard.hidden = clockCard.hidden = !s.power
  const hours = s.clock.ahead / 3600
  clock.state.textContent = hours === 0 ? 'right' : `${Math.abs(hours)} h ${hours > 0 ? 'fast' : 'slow'}`
  if (s.power) power.state.textContent = `${s.power.mains ? 'on the mains' : 'on its battery'} · ${s.power.battery} %`
  for (const t of s.things) {
    if (!cards.has(t.key)) cards.set(t.key, add(t))
    const c = cards.get(t.key)
    c.state.textContent = `${t.room} · ${t.state}`
    if (t.shows) display(c.display, t.shows)
  }
}

await refresh()
setInterval(refresh, 500)
