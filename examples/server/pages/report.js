// ---- The test of the configuration ----

function showFinding({check, ok, essential, message, remedy}) {
  const item = make('li', '',
    make('span', 'mark ' + (ok ? 'ok' : essential ? 'failed' : 'note'), ok ? 'OK' : essential ? 'Failed' : 'Note'),
    make('p', '', make('b', '', check), ': ' + message));
  if (remedy) item.append(make('p', 'remedy', remedy));
  return item;
}

function showReport({ok, findings}) {
  const failed = findings.filter((f) => !f.ok && f.essential).length;
  const notes = findings.filter((f) => !f.ok && !f.essential).length;
  const verdict = byId('verdict');
  verdict.className = ok ? 'ok' : 'failed';
  verdict.textContent = ok ? 'Codes can be sent.' : 'Codes cannot be sent: ' + failed + ' of ' + findings.length + ' checks failed.';
  if (notes) verdict.textContent += notes === 1 ? ' 1\u00a0note.' : ' ' + notes + '\u00a0notes.';
  // What stands in the way comes first, then what is worth a note.
  const rank = (f) => (f.ok ? 2 : f.essential ? 0 : 1);
  byId('findings').replaceChildren(...[...findings].sort((a, b) => rank(a) - rank(b)).map(showFinding));
  byId('report-title').hidden = byId('findings').hidden = false;
  byId('report-title').focus();
}

function hideReport() {
  byId('report-title').hidden = byId('findings').hidden = true;
  byId('verdict').textContent = byId('verdict').className = '';
}

async function testConfiguration(token) {
  hideReport();
  showReport(await request('GET', '/operator/test-configuration', {authorization: 'Bearer ' + token.trim()}));
}
