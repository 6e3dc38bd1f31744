// ---- Register ----

let identityColumn = 'email';

twoSteps(byId('register'),
  ({phone}) => call('POST', '/users/register', {[phoneColumn]: phone}),
  async ({phone, transactionId, code, identity, password, name}) => {
    const body = {[phoneColumn]: phone, transactionId, transactionCode: code, password};
    if (identityColumn !== phoneColumn) body[identityColumn] = identity.trim();
    if (name.trim()) body.name = name.trim();
    const user = await call('POST', '/users/register', body);
    byId('login').querySelector('[name=phone]').defaultValue = user[phoneColumn];
    show('login');
    say('Welcome' + (user.name ? ', ' + user.name : '') + '. Your account is ready; log in with your phone.');
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

// ---- Service ----

function showReply(reply) {
  byId('reply-title').hidden = byId('reply').hidden = false;
  byId('reply').textContent = JSON.stringify(reply, masked, 2);
  byId('reply-title').focus();
}

onSubmit(byId('send'), async ({phone, message, media, options}) => {
  const body = {phoneNumber: phone.trim(), message};
  if (media.trim()) body.mediaUrl = media.trim();
  if (options.trim()) {
    try { body.options = JSON.parse(options); } catch { throw new Failure(0, {message: 'The options are not JSON.'}); }
  }
  showReply(await call('POST', '/services/Twilio/sendMessage', body));
  say('The message was handed to Twilio.');
});
onSubmit(byId('token'), async ({token}) => showReply(await call('GET', '/users/isvalidusertoken/' + encodeURIComponent(token.trim()))));
onSubmit(byId('ask'), async (_, button) => showReply(await call('GET', button.value)));

// ---- Operators ----

onSubmit(byId('operator'), async ({token}) => {
  try {
    await testConfiguration(token);
  } catch (error) {
    if (error.status !== 404) throw error;
    throw new Failure(404, {message: 'The server has no token for operators: start it with PHONEAUTH_OPERATOR_TOKEN set, or with --operator-token-file.'});
  }
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

function show(name) {
  if (location.hash !== '#/' + name) history.pushState(null, '', '#/' + name);
  sections.forEach((s) => { s.hidden = s.id !== name; });
  hideBackupCodes();
  document.querySelectorAll('nav a').forEach((a) => {
    if (a.hash === '#/' + name) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  });
  scrollTo(0, 0);
  byId(name + '-title').focus();
}

function showHash() {
  const name = location.hash.slice(2);
  show(sections.some((s) => s.id === name) ? name : session ? 'account' : 'register');
}

addEventListener('hashchange', () => { say(''); showHash(); });
setSession(JSON.parse(sessionStorage.getItem('phoneauth')));
showHash();
learnIdentity().catch(() => {});
