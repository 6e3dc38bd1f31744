// ---- Operators: find somebody, and help them ----

const find = byId('find');
const account = byId('account');
let found; // whoever is shown

function order(path, body) {
  const {token, by} = find.elements;
  return request('POST', '/operator/' + path, {authorization: 'Bearer ' + token.value.trim()}, {...body, by: by.value.trim()});
}

function fact(name, value) {
  if (value !== null && value !== undefined && value !== '') byId('facts').append(make('dt', '', name), make('dd', '', String(value)));
}

function showAccount(reply) {
  found = reply;
  const {id, phone, identity, lastLogin, hasPassword, user, sessions} = reply;
  const enabled = user.userStatus === 'ENABLED';
  byId('account-title').textContent = identity || phone;
  byId('state').className = 'mark ' + (enabled ? 'ok' : 'failed');
  byId('state').textContent = enabled ? 'Enabled' : 'Disabled';
  byId('facts').replaceChildren();
  fact('Phone', phone);
  fact('Identity', identity);
  fact('Id', id);
  fact('Registered', time(user.created));
  fact('Last login', lastLogin ? time(lastLogin) : 'never');
  fact('Password', hasPassword ? 'yes' : 'none');
  const known = ['___class', 'objectId', 'ownerId', 'userStatus', 'blUserLocale', 'created', 'updated'];
  for (const [name, value] of Object.entries(user))
    if (!known.includes(name) && value !== phone && value !== identity) fact(name, typeof value === 'string' ? value : JSON.stringify(value));
  byId('enable').hidden = enabled;
  byId('disable').hidden = !enabled;
  byId('sessions').replaceChildren(...sessions.map((s) => sessionItem(s)));
  byId('no-sessions').hidden = sessions.length > 0;
  byId('end-sessions').hidden = sessions.length === 0;
  account.hidden = false;
}

function hideAccount() {
  found = undefined;
  account.hidden = true;
  for (const form of account.querySelectorAll('form')) form.reset();
  account.querySelectorAll('details').forEach((task) => { task.open = false; });
  clearErrors(account);
}

onSubmit(find, async ({who}) => {
  hideAccount();
  showAccount(await order('find', {who: who.trim()}));
  byId('account-title').focus();
});

// Does something to whoever is shown, and shows what became of it.
const act = (area, path, body, news) => guarded(area, async () => {
  await order(path, body);
  showAccount(await order('find', {who: found.id}));
  byId('account-title').focus();
  say(news);
});

const onClick = (id, path, body, news) => byId(id).addEventListener('click', () => act(byId('actions'), path, body(), news));
onClick('disable', 'disable', () => ({id: found.id}), 'Disabled. All sessions have ended.');
onClick('enable', 'enable', () => ({id: found.id}), 'Enabled.');
onClick('unlock', 'unlock', () => ({phone: found.phone}), 'Unlocked: failures and messages of others do not count any more.');
onClick('end-sessions', 'end-sessions', () => ({id: found.id}), 'All sessions have ended.');

const setPhone = byId('set-phone');
onSubmit(setPhone, async ({phone}) => {
  await order('set-phone', {id: found.id, phone: phone.trim()});
  setPhone.reset();
  showAccount(await order('find', {who: found.id}));
  byId('account-title').focus();
  say('The phone number is now ' + found.phone + '. All sessions have ended.');
});

const erase = byId('delete');
onSubmit(erase, async ({phone}) => {
  await order('delete', {id: found.id, phone: phone.replace(/\s/g, '')});
  hideAccount();
  find.elements.who.value = '';
  find.elements.who.focus();
  say('The account is deleted.');
});

onSubmit(byId('test'), async () => {
  const {token} = find.elements;
  if (!token.value.trim()) return showError(find, "The operators' token is missing.", token);
  clearErrors(find);
  await testConfiguration(token.value);
});

find.elements.token.focus();
