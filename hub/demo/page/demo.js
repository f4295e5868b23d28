// The page asks for the house's state twice a second: it is a toy, the hub's
// own page is the one that is live.
const acts = {
  contact: [['open', 'Open'], ['close', 'Close'], ['cover-open', 'Take the cover off'], ['cover-closed', 'Put it back']],
  motion: [['walk', 'Walk past']],
  leak: [['spill', 'Spill water'], ['dry', 'Dry it']],
  smoke: [['fill', 'Make smoke'], ['air', 'Air the room']],
  siren: [],
  plug: [['on', 'Switch on'], ['off', 'Switch off']],
  keypad: [['arm-away', 'Away'], ['arm-home', 'Home'], ['disarm', 'Disarm'], ['panic', 'Panic'], ['fire', 'Fire']],
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
  if (t.kind === 'keypad') {
    digits = document.createElement('input')
    digits.inputMode = 'numeric'
    digits.placeholder = 'Code'
    digits.ariaLabel = 'Code'
    digits.autocomplete = 'off'
    c.keys.append(digits)
  }
  for (const [what, text] of acts[t.kind] ?? []) {
    c.keys.append(button(text, () => act(t.key, what, digits?.value ?? '')))
  }
  document.getElementById('things').append(host)
  return c
}

const stick = card(document.getElementById('stick'), 'Z-Wave stick')
stick.keys.append(button('Pull it', () => act('stick', 'pull')), button('Plug it in', () => act('stick', 'plug')))

async function refresh() {
  const r = await fetch('state').catch(() => null)
  if (!r?.ok) {
    said.textContent = 'The hub does not answer.'
    return
  }
  const s = await r.json()
  stick.state.textContent = s.stick.plugged ? 'plugged in' : 'pulled'
  for (const t of s.things) {
    if (!cards.has(t.key)) cards.set(t.key, add(t))
    cards.get(t.key).state.textContent = `${t.room} · ${t.state}`
  }
}

await refresh()
setInterval(refresh, 500)
