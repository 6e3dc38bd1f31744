// ---- Register ----

twoSteps(byId('register'),
  ({phone}) => call('POST', '/users/register', {[phoneColumn]: phone}),
  async ({phone, transactionId, code, identity, password, name}) => {
    const body = {[phoneColumn]: phone, transactionId, transactionCode: code, password};
    if (identityColumn !== phoneColumn) body[identityColumn] = identity.trim();
    if (name.trim()) body.name = name.trim();
    const user = await call('POST', '/users/register', body);
    byId('login').querySelector('[name=phone]').defaultValue = user[phoneColumn];
    loginForm.elements.phone.value = user[phoneColumn];
    byId('done-text').textContent = 'Welcome' + (user.name ? ', ' + user.name : '') + '. ' + user[phoneColumn] + ' is proved to be yours: log in with it.';
    show('done');
  });

// The identity may be another column than the email address, or the phone itself.
async function learnIdentity() {
  const properties = await call('GET', '/users/userclassprops');
  identityColumn = properties.find((p) => p.identity)?.name ?? identityColumn;
  const field = byId('register').querySelector('[name=identity]');
  field.closest('label').hidden = identityColumn === phoneColumn;
  if (identityColumn === 'email') return;
  byId('identity-label').textContent = identityColumn;
  field.type = 'text';
  field.autocomplete = 'username';
}

// ---- Log in ----

const loginForm = byId('login').querySelector('.first');

// The devices that their users trust: phone → token. They last longer than the tab.
const devices = {
  all: () => JSON.parse(localStorage.getItem('phoneauth-devices') ?? '{}'),
  of: (phone) => devices.all()[phone.replace(/[^+\d]/g, '')],
  set(phone, token) { localStorage.setItem('phoneauth-devices', JSON.stringify({...devices.all(), [phone]: token})); },
};

function showLoginWay() {
  const {way, phone, password, backup, trusted} = loginForm.elements;
  const byDevice = way.value === 'password' && Boolean(devices.of(phone.value));
  byId('password-row').hidden = way.value === 'code';
  byId('password-hint').hidden = way.value !== 'backup';
  password.required = way.value === 'password';
  byId('backup-row').hidden = way.value !== 'backup';
  backup.required = way.value === 'backup';
  byId('trusted-row').hidden = !byDevice;
  loginForm.querySelector('[type=submit]').textContent = way.value === 'backup' || (byDevice && trusted.checked) ? 'Log in' : 'Send the code';
}
loginForm.addEventListener('change', showLoginWay);
loginForm.addEventListener('input', showLoginWay);

function enter(user) {
  setSession(user);
  show('account');
  say('You are logged in.');
}

// One guess of the password at a time: whether the device or the password was wrong, the server does not say.
async function loginWithDevice(phoneNumber, password) {
  try {
    enter(await call('POST', '/services/Twilio/loginWithTrustedDevice', {phoneNumber, password, deviceToken: devices.of(phoneNumber)}));
  } catch (error) {
    if (error.code !== 3003) throw error;
    loginForm.elements.trusted.checked = false;
    showLoginWay();
    error.message += ' Or this device is not trusted any more: try it with a code.';
    throw error;
  }
}

twoSteps(byId('login'),
  async ({way, phone, password, backup, trusted}) => {
    const phoneNumber = phone;
    if (way === 'code') return call('POST', '/services/Twilio/loginWithPhoneNumber', {phoneNumber});
    if (way === 'backup') return enter(await call('POST', '/services/Twilio/loginWithBackupCode', {phoneNumber, password, backupCode: backup.trim()}));
    if (trusted && devices.of(phone)) return loginWithDevice(phone, password);
    return call('POST', '/services/Twilio/loginWithPhoneNumberAndPassword', {phoneNumber, password});
  },
  async ({transactionId, code}) => enter(await call('POST', '/services/Twilio/loginWithCode', {transactionId, code})));

// ---- A forgotten password ----

const spareRow = byId('reset-backup');
spareRow.hidden = root.dataset.reset !== 'code_and_backup_code';
spareRow.querySelector('input').required = !spareRow.hidden;

twoSteps(byId('reset'),
  ({phone}) => call('POST', '/services/Twilio/restorePassword', {phoneNumber: phone}),
  async ({phone, transactionId, code, password, backup}) => {
    const body = {transactionId, code, password};
    if (backup.trim()) body.backupCode = backup.trim();
    try {
      await call('POST', '/services/Twilio/resetPassword', body);
    } catch (error) {
      if (error.code === 14021 && !spareRow.hidden) error.message = 'The code or the backup code is wrong.'; // the server does not say which
      throw error;
    }
    setSession(null);
    byId('login').querySelector('[name=phone]').defaultValue = phone;
    loginForm.elements.phone.value = phone;
    show('login');
    say('Your password is a new one. All your sessions have ended; log in.');
  });

// ---- Sections ----

// When a session has ended: to the login, whose form is returned.
function leave() {
  setSession(null);
  show('login');
  return loginForm;
}

// What the server does not offer is not shown.
const {reset: resetPolicy} = root.dataset;
byId('forgotten').hidden = resetPolicy === 'disabled';
const sections = [...document.querySelectorAll('section')].filter((s) => s.id !== 'reset' || resetPolicy !== 'disabled');

// The address says which section, and which step of it: Back leads back.
function go(place, replace) {
  if (location.hash === '#/' + place) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', '#/' + place);
}

function show(name, step, replace) {
  sections.forEach((s) => { s.hidden = s.id !== name; });
  hideBackupCodes();
  const nav = name === 'operation' ? 'console' : name;
  document.querySelectorAll('nav a').forEach((a) => {
    if (a.hash === '#/' + nav) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  });
  if (name === 'console') guarded(byId('console'), learnOperations);
  if (name === 'configuration') showConfiguration();
  scrollTo(0, 0);
  document.title = byId(name + '-title').textContent + ' – phoneauth';
  byId(name + '-title').focus();
  const isSecond = resume[name]?.(step === 'code');
  go(name === 'operation' ? 'console/' + tried.operationId : name + (isSecond ? '/code' : ''), replace);
}

function showHash() {
  const [name, step] = location.hash.slice(2).split('/');
  if (name === 'console' && step) return guarded(byId('console'), () => showOperation(step));
  const isPlace = sections.some((s) => s.id === name) && name !== 'operation' && (name !== 'done' || byId('done-text').textContent);
  const place = isPlace ? name : session ? 'account' : 'start';
  show(place, step, true);
}

addEventListener('hashchange', () => { say(''); showHash(); });
setSession(JSON.parse(sessionStorage.getItem('phoneauth')));
showHash();
learnIdentity().catch(() => {});
