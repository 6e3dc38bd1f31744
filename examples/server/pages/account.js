// ---- Account ----

const taskResets = [];

// The tab keeps the session over a reload, and forgets it when it is closed.
function setSession(user) {
  if (user?.objectId !== session?.objectId) {
    taskResets.forEach((reset) => reset());
    document.querySelectorAll('.task').forEach((task) => { task.open = false; });
    byId('sessions').replaceChildren();
  }
  session = user;
  if (user) sessionStorage.setItem('phoneauth', JSON.stringify(user));
  else sessionStorage.removeItem('phoneauth');
  if (!user) forgetSecrets();
  byId('nobody').hidden = Boolean(user);
  byId('somebody').hidden = !user;
  byId('user').replaceChildren();
  byId('names').replaceChildren();
  const who = [user?.name, user?.[identityColumn], user?.[phoneColumn]].filter(Boolean);
  byId('who').textContent = who[0] ?? '';
  byId('who-more').textContent = who.slice(1).join(' · ');
  byId('face').textContent = [...who[0] ?? ''].find((each) => /[\p{L}\d]/u.test(each))?.toUpperCase() ?? '';
  for (const [name, value] of Object.entries(user ?? {})) {
    byId('names').append(new Option(name));
    if (value === null || name.startsWith('___') || (name === 'ownerId' && value === user.objectId)) continue; // it says nothing
    const text = name === 'user-token' ? value.slice(0, 8) + '…' + value.slice(-4)
      : ['created', 'updated', 'lastLogin'].includes(name) && value ? new Date(value).toLocaleString()
      : typeof value === 'string' ? value : JSON.stringify(value);
    byId('user').append(make('dt', '', name), make('dd', '', text));
  }
}

// Only the reply to a login has the token.
function refresh(user) { setSession({...user, 'user-token': session['user-token']}); }

const somebody = byId('somebody');
const own = () => encodeURIComponent(session.objectId);

byId('valid').addEventListener('click', () => guarded(somebody, async () => {
  const valid = await call('GET', '/users/isvalidusertoken/' + encodeURIComponent(session['user-token']));
  say(valid ? 'Yes, the session is valid.' : 'No, the session is not valid any more.');
}));
byId('reload').addEventListener('click', () => guarded(somebody, async () => {
  refresh(await call('GET', '/data/Users/' + own()));
  say('Reloaded.');
}));
byId('export').addEventListener('click', () => guarded(somebody, async () => {
  const data = await call('GET', '/users/export');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], {type: 'application/json'}));
  link.download = 'account.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say('All that is stored about you is in account.json.');
}));
byId('logout').addEventListener('click', () => guarded(somebody, async () => {
  await call('GET', '/users/logout');
  leave();
  say('You are logged out.');
}));

// ---- A proof that it is the user who asks ----

const proof = byId('prove');
let proving; // what waits for it

// Does `work`. If the server wants a proof first, that is asked for below `area`.
async function whileFresh(area, work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error.code !== 14014) throw error;
    }
    await prove(area);
  }
}

async function prove(area) {
  giveUp();
  const before = document.activeElement;
  area.after(proof);
  proof.hidden = false;
  byId('prove-title').focus();
  try {
    await new Promise((resolve, reject) => { proving = {resolve, reject}; });
  } finally {
    proving = undefined;
    proof.hidden = true;
    byId('prove-password').reset();
    resetProofByCode();
    before.focus();
  }
}

function giveUp() {
  proving?.reject(new Failure(0, {message: 'Nothing was done, as it was not confirmed.'}));
}
taskResets.push(giveUp);
byId('prove-cancel').addEventListener('click', giveUp);

onSubmit(byId('prove-password'), async ({password}) => {
  await call('POST', '/services/Twilio/confirmPassword', {password});
  proving?.resolve();
});
const resetProofByCode = twoSteps(byId('prove-code'),
  () => call('POST', '/services/Twilio/stepUp', {}),
  async ({transactionId, code}) => {
    await call('POST', '/services/Twilio/confirmStepUp', {transactionId, code});
    proving?.resolve();
  });

// ---- Changes ----

onSubmit(byId('change'), async ({name, value}) => {
  let parsed;
  try { parsed = JSON.parse(value); } catch { parsed = value; }
  refresh(await call('PUT', '/users/' + own(), {[name.trim()]: parsed}));
  byId('change').reset();
  say('Saved.');
});

const newPassword = byId('new-password');
onSubmit(newPassword, async ({password}) => {
  refresh(await whileFresh(newPassword, () => call('PUT', '/users/' + own(), {password})));
  newPassword.reset();
  say('Your password is a new one. All other sessions have ended.');
});

const changePhone = byId('change-phone');
taskResets.push(twoSteps(changePhone,
  ({phone}) => whileFresh(changePhone.querySelector('.first'), () => call('POST', '/services/Twilio/changePhoneNumber', {phoneNumber: phone})),
  async ({transactionId, code}) => {
    refresh(await call('POST', '/services/Twilio/confirmPhoneNumber', {transactionId, code}));
    say('Your phone number is now ' + session[phoneColumn] + '. All other sessions have ended.');
  }));

// ---- Sessions and trusted devices ----

const sessionsTask = byId('sessions-task');

async function listSessions() {
  const all = await call('GET', '/users/sessions');
  byId('sessions').replaceChildren(...all.map((s) => sessionItem(s, endSession)));
  byId('end-others').hidden = all.every((s) => s.current);
}

const endSession = (s) => guarded(sessionsTask, async () => {
  await call('DELETE', '/users/sessions/' + encodeURIComponent(s.id));
  if (s.current) {
    leave();
  } else {
    await listSessions();
    sessionsTask.querySelector('summary').focus();
  }
  say(s.kind === 'trustedDevice' ? 'The device is not trusted any more.' : 'The session has ended.');
});

sessionsTask.addEventListener('toggle', () => { if (sessionsTask.open && session) guarded(sessionsTask, listSessions); });
byId('end-others').addEventListener('click', () => guarded(sessionsTask, async () => {
  const {ended} = await call('DELETE', '/users/sessions');
  await listSessions();
  sessionsTask.querySelector('summary').focus();
  say(ended === 1 ? 'One other has ended.' : ended + ' others have ended.');
}));
byId('trust').addEventListener('click', () => guarded(sessionsTask, async () => {
  const {deviceToken, expires} = await whileFresh(byId('trust-row'), () => call('POST', '/services/Twilio/trustDevice', {}));
  devices.set(session[phoneColumn], deviceToken);
  await listSessions();
  say('This device is trusted until ' + time(expires) + ': your password will do.');
}));

// ---- Backup codes ----

const backupTask = byId('backup-task');

function hideBackupCodes() {
  byId('backup-codes').hidden = true;
  byId('make-codes').hidden = false;
  byId('backup-list').replaceChildren();
}
taskResets.push(hideBackupCodes);

const shownCodes = () => [...byId('backup-list').children].map((item) => item.textContent);

byId('make-codes').addEventListener('click', () => guarded(backupTask, async () => {
  hideBackupCodes();
  const {backupCodes} = await whileFresh(byId('make-codes'), () => call('POST', '/services/Twilio/makeBackupCodes', {}));
  byId('backup-list').replaceChildren(...backupCodes.map((code) => make('li', '', code)));
  byId('backup-codes').hidden = false;
  byId('make-codes').hidden = true;
  byId('backup-title').focus();
}));
byId('copy-codes').addEventListener('click', () => copy(shownCodes().join('\n'), byId('backup-list')));
byId('hide-codes').addEventListener('click', () => {
  hideBackupCodes();
  backupTask.querySelector('summary').focus();
});

// ---- The end ----

taskResets.push(twoSteps(byId('delete-account'),
  () => call('POST', '/services/Twilio/deleteAccount', {}),
  async ({transactionId, code}) => {
    await call('POST', '/services/Twilio/confirmDeletion', {transactionId, code});
    setSession(null);
    show('start');
    say('Your account is deleted.');
  }));

