// ---- Configuration ----

const choices = {
  delivery: {page: 'A Twilio that the server plays; nothing is sent', terminal: 'A Twilio that the server plays; nothing is sent', sms: 'Twilio'},
  reset: {disabled: 'Off', code: 'By a code', code_and_backup_code: 'By a code and a backup code'},
  devices: {on: 'Allowed', off: 'Off'},
  operators: {on: 'They have a token', off: 'None: the server has no token for them'},
};

function showConfiguration() {
  const rows = [['Messages go through', choices.delivery[root.dataset.delivery]], ["The phone number's property", phoneColumn],
    ['Password resets', choices.reset[root.dataset.reset]], ['Trusted devices', choices.devices[root.dataset.devices]],
    ['Operators', choices.operators[root.dataset.operators]]];
  byId('configured').replaceChildren(...rows.flatMap(([name, value]) => [make('dt', '', name), make('dd', '', value)]));
}

const hasOperators = root.dataset.operators === 'on';
byId('operator').hidden = !hasOperators;
byId('no-operators').hidden = hasOperators;
onSubmit(byId('operator'), ({token}) => testConfiguration(token));
