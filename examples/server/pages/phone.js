// ---- The phone that is drawn where the server plays Twilio ----

const codeIn = (text) => /(?<!\d)\d{6,9}(?!\d)/.exec(text)?.[0];

// Puts `code` where a step asks for it.
function putIn(code) {
  const field = [...document.querySelectorAll('section [name=code], section [name=transactionCode]')].find((e) => e.checkVisibility());
  if (!field) return say('No step asks for a code now.');
  field.value = code;
  clearErrors(field.form);
  field.form.querySelector('[type=submit]').focus();
}

// Copies `text`, or selects `area`, which shows it, on a page that did not come over HTTPS, or for a person who said no.
async function copy(text, area) {
  try {
    await navigator.clipboard.writeText(text);
    say('Copied.');
  } catch {
    getSelection().selectAllChildren(area);
    say('Selected; copy it.');
  }
}

function button(className, text, action) {
  const made = make('button', className, text);
  made.type = 'button';
  made.addEventListener('click', action);
  return made;
}

// A message as the phone shows it; what did not arrive has no text there.
function bubble({to, from, body, media, status, errorCode}) {
  const arrived = status === 'delivered';
  const now = new Date().toLocaleTimeString(undefined, {timeStyle: 'short'});
  const text = make('p', 'text', arrived ? body : 'A message was not delivered.');
  const item = make('li', arrived ? 'sms' : 'sms lost', make('p', 'meta', make('b', '', from || 'Your service'), make('span', '', now)), text);
  for (const url of arrived ? media : []) item.append(make('p', 'meta', 'Media: ' + url));
  item.append(make('p', 'meta', make('span', '', 'To ' + to), make('span', 'mark ' + (arrived ? 'ok' : 'failed'), arrived ? 'Delivered' : 'Undelivered, Twilio ' + errorCode)));
  const code = arrived && codeIn(body);
  if (code) item.append(make('div', 'row', button('use', 'Fill in ' + code, () => putIn(code)), button('', 'Copy', () => copy(code, text))));
  return item;
}

const known = new Set(); // the messages that were there before, or are shown
const keyOf = ({sid, to, body}) => [sid, to, body].join(); // a server that was started again counts anew
let asked = false;

// The server shows its messages to browsers on its own machine alone; others read them in its terminal.
async function lookForMessages() {
  if (root.dataset.delivery !== 'page') return;
  let messages;
  try {
    const response = await fetch('/fake/messages', {cache: 'no-store'});
    if (response.status === 404) root.dataset.delivery = 'terminal';
    if (!response.ok) return;
    ({messages} = await response.json());
  } catch {
    return; // a server that cannot be reached is told of elsewhere
  }
  for (const message of messages.filter((m) => !known.has(keyOf(m)))) {
    known.add(keyOf(message));
    if (asked) byId('messages').prepend(bubble(message));
  }
  asked = true;
  while (byId('messages').children.length > 10) byId('messages').lastChild.remove();
}

let looking = Promise.resolve();
const lookSoon = () => { looking = looking.then(lookForMessages); };

// A message may be on its way for a moment. While a step waits for its code, the page asks every two seconds anyway.
onExchange.push(({method, path}) => {
  if (path.endsWith('/transactionStatus')) return lookSoon();
  if (method !== 'GET' || path.includes('/restorepassword/')) [0, 500, 1500].forEach((delay) => setTimeout(lookSoon, delay));
});
lookSoon();
