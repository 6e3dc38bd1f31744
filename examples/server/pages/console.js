// ---- Console: the service's operations, as /openapi.json describes them, to look at and to try ----

let operations; // by their ids, once the description is there
let latestTransaction = '';

onExchange.push(({reply}) => { latestTransaction = reply?.transactionId ?? latestTransaction; });

// It may be broken at its slashes.
const pathOf = (path) => make('span', 'path', ...path.split(/(?<=\/)/).flatMap((part) => [part, document.createElement('wbr')]));

async function learnOperations() {
  if (operations) return operations;
  const {paths, tags} = await request('GET', '/openapi.json', {}, undefined, () => false);
  const all = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, described]) => ({...described, path, method: method.toUpperCase()})));
  byId('operations').replaceChildren(...tags.map(({name, description}) => {
    const list = make('ul', '', ...all.filter((o) => o.tags[0] === name).map((o) => {
      const link = make('a', 'operation', make('span', 'method ' + o.method.toLowerCase(), o.method), make('b', '', o.summary), pathOf(o.path));
      link.href = '#/console/' + o.operationId;
      return make('li', '', link);
    }));
    const heading = make('h3', '', description);
    heading.id = 'tag-' + name;
    list.setAttribute('aria-labelledby', heading.id);
    return make('div', '', heading, list);
  }));
  operations = new Map(all.map((o) => [o.operationId, o]));
  return operations;
}

// Of several schemas the first is best; what is not a JSON object has no fields.
function bodyOf({requestBody}) {
  if (!requestBody) return undefined;
  const [[type, {schema}]] = Object.entries(requestBody.content);
  return {type, schema: schema.oneOf?.[0] ?? schema.anyOf?.[0] ?? schema};
}

// What the page knows already.
function guess(name) {
  const known = {objectId: session?.objectId, token: session?.['user-token'], transactionId: latestTransaction, [phoneColumn]: session?.[phoneColumn]};
  return known[name] ?? '';
}

const more = 'More members (JSON object)';

// A field for a parameter or a member; what is no text is written as JSON.
function fieldFor(name, {type, oneOf, format, examples, description}, isRequired, place) {
  const types = [type ?? oneOf?.[0].type].flat();
  const isText = types.includes('string');
  const isSecret = format === 'password' || ['backupCode', 'deviceToken'].includes(name);
  const field = document.createElement(isText ? 'input' : 'textarea');
  Object.assign(field, {name, required: isRequired, autocomplete: 'off', autocapitalize: 'none', spellcheck: false, placeholder: examples?.[0] ?? '', value: guess(name)});
  if (isText) field.type = isSecret ? 'password' : name === phoneColumn || name === 'phoneNumber' ? 'tel' : 'text';
  if (['code', 'transactionCode'].includes(name)) Object.assign(field, {inputMode: 'numeric', autocomplete: 'one-time-code'});
  Object.assign(field.dataset, {place, json: isText ? '' : 'json'});
  const hint = [isRequired ? '' : 'Optional.', place === 'body' ? '' : 'In the ' + place + '.', description, isText || name === more ? '' : 'JSON.'].filter(Boolean).join(' ');
  return make('label', '', name + ' ', ...hint ? [make('span', 'hint', hint)] : [], field);
}

// The values of the fields of one place; what is empty is left out.
function valuesOf(form, place) {
  const values = {};
  for (const field of form.querySelectorAll('[data-place=' + place + ']')) {
    if (!field.value) continue;
    try {
      const value = field.dataset.json ? JSON.parse(field.value) : field.value;
      if (field.name === more) Object.assign(values, value);
      else values[field.name] = value;
    } catch {
      const error = new Failure(0, {message: field.name + ' is not JSON.'});
      error.field = field;
      throw error;
    }
  }
  return values;
}

const attempt = byId('attempt');
let tried; // the operation that is shown

async function showOperation(id) {
  const operation = (await learnOperations()).get(id);
  if (!operation) return show('console');
  tried = operation;
  const {method, path, summary, description, parameters = [], security = []} = operation;
  const body = bodyOf(operation);
  byId('operation-title').textContent = summary;
  byId('operation-target').replaceChildren(make('span', 'method ' + method.toLowerCase(), method), pathOf('/api' + path));
  byId('operation-about').textContent = description ?? '';
  byId('outcome').replaceChildren();
  byId('outcome-title').hidden = true;
  const required = body?.schema.required ?? [];
  const fields = parameters.map((p) => fieldFor(p.name, p.schema, p.required, p.in));
  for (const [name, schema] of Object.entries(body?.schema.properties ?? {})) fields.push(fieldFor(name, schema, required.includes(name), 'body'));
  if (body?.schema.additionalProperties === true) fields.push(fieldFor(more, {type: 'object'}, false, 'body'));
  byId('attempt-fields').replaceChildren(...fields);
  const takesSession = security.some((each) => 'userToken' in each);
  byId('needs-session').hidden = !takesSession || Boolean(session);
  byId('has-session').hidden = !takesSession || !session;
  clearErrors(attempt);
  show('operation');
}

onSubmit(attempt, async () => {
  const {method, path, security = []} = tried;
  const body = bodyOf(tried);
  let target, headers, sent;
  try {
    const inPath = valuesOf(attempt, 'path');
    const query = new URLSearchParams(valuesOf(attempt, 'query')).toString();
    target = '/api' + path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(inPath[name])) + (query && '?' + query);
    headers = valuesOf(attempt, 'header');
    sent = body && valuesOf(attempt, 'body');
  } catch (error) {
    if (!error.field) throw error;
    return showError(attempt, error.message, error.field);
  }
  if (session && security.some((each) => 'userToken' in each)) headers['user-token'] = session['user-token'];
  if (body) headers['content-type'] = body.type;
  let exchange;
  const listen = (each) => { exchange = each; };
  onExchange.push(listen);
  try {
    const reply = await request(method, target, headers, sent);
    if (reply?.['user-token']) {
      setSession(reply);
      say('You are logged in: the page uses this session from now on.');
    }
  } catch (error) {
    if (!error.status) throw error; // else the reply says it
  } finally {
    onExchange.splice(onExchange.indexOf(listen), 1);
  }
  if (tried.operationId === 'logout' && exchange.status === 200) setSession(null);
  byId('outcome').replaceChildren(exchangeView(exchange));
  byId('outcome-title').replaceChildren('Request and reply ', make('span', 'mark ' + (exchange.status < 400 ? 'ok' : 'failed'), exchange.status));
  byId('outcome-title').hidden = false;
  byId('outcome-title').focus();
});
