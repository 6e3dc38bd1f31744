'use strict';
const root = document.documentElement;
const phoneColumn = root.dataset.phoneColumn;
const byId = (id) => document.getElementById(id);
let identityColumn = 'email';
const say = (text) => { byId('status').textContent = text; };
let session = null; // of whoever is logged in: the user, with their token

// ---- Requests: /api is the root of the SDK's domain mode, where no keys are part of the path. ----

class Failure extends Error {
  constructor(status, body) {
    const {code, message, errorData} = body ?? {};
    super(message ?? 'The server answered with HTTP status ' + status + '.');
    Object.assign(this, {status, code, detail: errorData ?? {}});
  }
  get text() {
    const {triesLeft, retryAfter, twilioCode} = this.detail;
    const parts = [this.message];
    if (triesLeft !== undefined) parts.push(triesLeft === 1 ? '1 try left.' : triesLeft + ' tries left.');
    if (retryAfter !== undefined) parts.push('Wait ' + duration(retryAfter) + '.');
    if (this.code !== undefined) parts.push('(error ' + this.code + (twilioCode ? ', Twilio ' + twilioCode : '') + ')');
    return parts.join(' ');
  }
}

function duration(seconds) {
  return seconds < 120 ? seconds + ' s' : Math.ceil(seconds / 60) + ' min';
}

// `isNews` says whether a reply is worth showing; what is asked every two seconds seldom is.
function call(method, path, body, isNews) {
  return request(method, '/api' + path, session ? {'user-token': session['user-token']} : {}, body, isNews);
}

const onExchange = []; // who is told of each request and what came of it

async function request(method, path, headers, body, isNews = () => true) {
  const began = performance.now();
  const exchange = {method, path, headers, body, replyHeaders: {}};
  const tell = (isNew) => {
    exchange.milliseconds = Math.round(performance.now() - began);
    onExchange.forEach((listener) => listener(exchange, isNew));
  };
  if (body) headers['content-type'] ??= 'application/json';
  const sent = body && (headers['content-type'] === 'application/json' ? JSON.stringify(body) : new URLSearchParams(body).toString());
  let response;
  try {
    response = await fetch(path, {method, headers, body: sent, cache: 'no-store'});
    exchange.text = await response.text();
  } catch {
    tell(isNews());
    throw new Failure(0, {message: 'The server cannot be reached. Is it still running?'});
  }
  exchange.status = response.status;
  exchange.replyHeaders = Object.fromEntries(response.headers);
  try { exchange.reply = JSON.parse(exchange.text); } catch { /* it is no JSON */ }
  tell(!response.ok || isNews(exchange.reply));
  if (!response.ok) throw new Failure(response.status, exchange.reply);
  return exchange.reply;
}

// ---- Forms ----

const fieldsOfCode = {
  14001: ['phone'], 14026: ['phone'], 14029: ['phone'], 3040: ['identity'], 3013: ['identity'], 3033: ['identity', 'phone'], 3011: ['password'],
  14010: ['password'], 3003: ['password'], 14021: ['code'], 14002: ['message'], 14003: ['media'], 14013: ['token'], 8008: ['who', 'phone'],
};

// The field of `form` that `error` is about.
function fieldOf(form, error) {
  const names = error.message.startsWith('The backup code') ? ['backup'] : fieldsOfCode[error.code] ?? [];
  return names.map((name) => form.elements?.[name]).find(Boolean);
}

function clearErrors(area) {
  area.querySelectorAll('.error').forEach((e) => { e.textContent = ''; });
  area.querySelectorAll('[aria-invalid]').forEach((e) => { e.removeAttribute('aria-invalid'); e.removeAttribute('aria-describedby'); });
}

// The place below `field` for what is wrong with it.
function errorOf(field) {
  const [row] = field.labels;
  if (!row.nextElementSibling?.matches('.of-field')) {
    const error = make('p', 'error of-field');
    error.setAttribute('role', 'alert');
    error.id = 'error-' + document.querySelectorAll('.of-field').length;
    row.after(error);
  }
  return row.nextElementSibling;
}

// Shows it with `field`, if that is to be seen, else at the head of `area`.
function showError(area, text, field) {
  const isShown = field && !field.closest('[hidden]');
  const error = isShown ? errorOf(field) : area.querySelector('.error');
  error.textContent = text;
  if (isShown) {
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-describedby', error.id);
    field.focus();
    field.select();
  }
  error.scrollIntoView({block: 'nearest'});
}

// Runs `work` once at a time and shows in `area` what went wrong.
async function guarded(area, work) {
  if (area.getAttribute('aria-busy') === 'true') return;
  clearErrors(area);
  say('');
  const busy = area;
  busy.setAttribute('aria-busy', 'true');
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (session && [3064, 3048].includes(error.code)) area = leave();
    else area = error.area ?? area;
    showError(area, error.text, fieldOf(area, error));
    return error;
  } finally {
    busy.removeAttribute('aria-busy');
  }
}

function onSubmit(form, work) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const missing = [...form.elements].find((e) => e.required && !e.closest('[hidden]') && !e.value.trim());
    clearErrors(form);
    if (missing) return showError(form, label(missing) + ' is missing.', missing);
    guarded(form, () => work(Object.fromEntries(new FormData(form)), event.submitter));
  });
}

// `element` with these classes and this content.
function make(element, className, ...content) {
  const made = document.createElement(element);
  made.className = className;
  made.append(...content);
  return made;
}

function label(field) {
  return [...field.labels[0].childNodes].map((node) => node.textContent.trim()).find(Boolean);
}

