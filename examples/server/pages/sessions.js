// ---- Sessions and trusted devices, as the server lists them ----

const time = (milliseconds) => new Date(milliseconds).toLocaleString(undefined, {dateStyle: 'medium', timeStyle: 'short'});

// What browsers call themselves is long; anything else is shown as it is.
function deviceName(agent) {
  const first = (names) => Object.entries(names).find(([sign]) => agent.includes(sign))?.[1];
  const browser = first({'Edg/': 'Edge', 'OPR/': 'Opera', 'Firefox/': 'Firefox', 'Chrome/': 'Chrome', 'Safari/': 'Safari'});
  const system = first({Android: 'Android', iPhone: 'iPhone', iPad: 'iPad', Windows: 'Windows', 'Mac OS': 'Mac', CrOS: 'ChromeOS', Linux: 'Linux'});
  return browser && system ? browser + ' on ' + system : agent || 'Unknown device';
}

const methodNames = {password: 'password', code: 'code', backupCode: 'backup code', trustedDevice: 'trusted device'};

// `end`, if given, is what a button does.
function sessionItem(s, end) {
  const name = deviceName(s.device);
  const by = s.methods.map((m) => methodNames[m] ?? m).join(' and ');
  const about = [[s.network, by && 'by ' + by].filter(Boolean).join(' · '), 'Since ' + time(s.opened) + ', last used ' + time(s.lastUsed)];
  const head = make('p', '', make('b', '', name), ' ');
  if (s.current) head.append(make('span', 'mark ok', 'This one'));
  if (s.kind === 'trustedDevice') head.append(make('span', 'mark note', 'Trusted device'));
  const item = make('li', '', make('div', '', head, ...about.filter(Boolean).map((line) => make('p', 'hint', line))));
  if (!end) return item;
  const button = make('button', '', 'End');
  button.type = 'button';
  button.setAttribute('aria-label', 'End ' + (s.kind === 'trustedDevice' ? 'the trust in ' : 'the session on ') + name);
  button.addEventListener('click', () => end(s));
  item.append(button);
  return item;
}
