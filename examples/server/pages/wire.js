// ---- On the wire: the latest requests and replies, their secrets hidden unless somebody wants to see them ----

const secrets = ['password', 'currentPassword', 'code', 'transactionCode', 'backupCode', 'backupCodes', 'user-token', 'deviceToken', 'proof',
  'authorization', 'token'];
const replyHeaders = ['content-type', 'retry-after', 'allow', 'www-authenticate', 'cache-control'];
const exchanges = new Set(); // those that are shown

// A code that is a number is that of an error.
function masked(key, value) {
  return secrets.includes(key) && (typeof value === 'string' || Array.isArray(value)) ? '•••' : value;
}

// What is sent and what comes, as text.
function wireText({method, path, headers, body, status, replyHeaders: all, text, reply}, mask) {
  const json = (value) => JSON.stringify(value, mask, 2);
  const lines = (object) => Object.entries(object).map(([name, value]) => name + ': ' + (mask ? mask(name, value) : value)).join('\n');
  const target = mask ? path.replace(/(isvalidusertoken\/).*/, '$1•••') : path;
  const isForm = headers['content-type']?.includes('form');
  const kept = Object.fromEntries(replyHeaders.filter((name) => name in all).map((name) => [name, all[name]]));
  return {
    request: [[method + ' ' + target, lines(headers)].filter(Boolean).join('\n'), body && (isForm ? new URLSearchParams(body).toString() : json(body))].filter(Boolean).join('\n\n'),
    reply: status === undefined ? 'no reply' : [[status, lines(kept)].join('\n'), reply === undefined ? text : json(reply)].filter(Boolean).join('\n\n'),
  };
}

// The two texts, with a button that shows what is hidden in them.
function exchangeView(exchange) {
  const pre = (label) => {
    const made = make('pre', '');
    made.tabIndex = 0; // a long one is scrolled by keyboard, too
    made.setAttribute('role', 'group');
    made.setAttribute('aria-label', label);
    return made;
  };
  const request = pre('Request'), reply = pre('Reply');
  const view = make('div', 'exchange', make('p', 'caption', 'Request'), request, make('p', 'caption', 'Reply'), reply);
  let shown = false;
  const show = () => {
    const texts = wireText(exchange, shown ? null : masked);
    request.textContent = texts.request;
    reply.textContent = texts.reply;
  };
  const toggle = button('plain', 'Show secrets', () => {
    shown = !shown;
    toggle.setAttribute('aria-pressed', String(shown));
    show();
  });
  toggle.setAttribute('aria-pressed', 'false');
  const open = wireText(exchange), closed = wireText(exchange, masked);
  if (open.request !== closed.request || open.reply !== closed.reply) view.append(toggle);
  show();
  exchange.forget ??= [];
  exchange.forget.push(() => {
    shown = false;
    show();
    toggle.remove();
  });
  return view;
}

// Whoever comes after somebody who logged out learns no secret of theirs.
function forgetSecrets() {
  for (const exchange of exchanges) {
    const hide = (object) => object && JSON.parse(JSON.stringify(object, masked));
    Object.assign(exchange, {headers: hide(exchange.headers), body: hide(exchange.body), path: exchange.path.replace(/(isvalidusertoken\/).*/, '$1•••')});
    if (exchange.reply !== undefined) Object.assign(exchange, {reply: hide(exchange.reply), text: ''});
    exchange.forget.forEach((each) => each());
  }
  byId('attempt').reset();
  byId('outcome').replaceChildren();
  byId('outcome-title').hidden = true;
}

onExchange.push((exchange, isNew) => {
  if (!isNew) return;
  // The operators' token is never kept.
  if (exchange.headers.authorization) exchange.headers = {...exchange.headers, authorization: '•••'};
  exchanges.add(exchange);
  const {method, path, status, milliseconds} = exchange;
  const target = make('span', 'target', method + ' ' + path.replace(/(isvalidusertoken\/).*/, '$1•••'));
  const details = make('details', '', make('summary', '', target, ' ', make('span', 'mark ' + (status < 400 ? 'ok' : 'failed'), status ?? 'no reply'),
    make('span', 'hint', milliseconds + ' ms')), exchangeView(exchange));
  byId('wire').querySelectorAll('details').forEach((each) => { each.open = false; });
  details.open = true;
  const item = make('li', '', details);
  item.exchange = exchange;
  byId('wire').prepend(item);
  if (byId('wire').children.length > 20) {
    exchanges.delete(byId('wire').lastChild.exchange);
    byId('wire').lastChild.remove();
  }
});
