// ---- Two steps: ask for a code, then use it ----

const startAgain = [14020, 14022, 14023, 14024, 14025];

// The second step of each is the same but for its first sentence, its further fields and its button.
function addCodeStep(second) {
  const parts = byId('code-step').content.cloneNode(true);
  const buttons = parts.querySelector('.buttons');
  buttons.querySelector('[type=submit]').textContent = second.dataset.submit;
  buttons.querySelector('[type=submit]').classList.toggle('danger', 'danger' in second.dataset);
  second.append(buttons);
  second.querySelector('.hint').after(parts);
}

const resume = {}; // what brings a section to its first step or, if it is begun, to its second; which of them, is returned

// `start` returns the server's reply about the code that it has sent, or nothing if none was needed. What the second
// step finds wrong with a field of the first is put right there, and needs no other code. Returns what takes it all back.
function twoSteps(view, start, finish) {
  const first = view.querySelector('.first');
  const second = view.querySelector('.second');
  addCodeStep(second);
  const resend = view.querySelector('.resend');
  const again = view.querySelector('.again');
  let started, phone, timer;
  let kept; // the code, while a field of the first step is put right
  const firstSubmit = first.querySelector('[type=submit]');
  const firstText = firstSubmit.textContent;

  function keep(code) {
    if (code === kept) return;
    kept = code;
    firstSubmit.textContent = code ? second.dataset.submit : firstText;
  }

  function wait(seconds) {
    const until = Date.now() + seconds * 1000;
    clearInterval(timer);
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      resend.textContent = left > 0 ? 'Send again in ' + left + ' s' : 'Send again';
      resend.setAttribute('aria-disabled', String(left > 0));
      if (left <= 0) clearInterval(timer);
    };
    timer = setInterval(tick, 250);
    tick();
  }

  function take(reply) {
    started = reply;
    const minutes = Math.max(1, Math.round((reply.expiresAt - Date.now()) / 60000));
    second.querySelector('.to').textContent = phone;
    second.querySelector('.lifetime').textContent = minutes === 1 ? 'a minute' : minutes + ' minutes';
    wait(reply.resendAfter);
  }

  // While the person looks for the code: whether it has arrived, and how often and how long it can be tried. It asks
  // quietly: what goes wrong here goes wrong again where the person sees it.
  const delivery = second.querySelector('.delivery');
  const left = second.querySelector('.left');
  let asking, status;

  function showStatus() {
    const {state, delivery: arrived, reason, twilioCode, triesLeft} = status;
    const text = state !== 'pending' || arrived === 'pending' ? ''
      : arrived === 'delivered' ? 'It was delivered.' : 'It was not delivered. ' + reason + ' (Twilio ' + twilioCode + ')';
    if (delivery.textContent !== text) delivery.textContent = text; // else it would be read aloud again
    delivery.classList.toggle('bad', arrived === 'undelivered');
    const seconds = Math.max(0, Math.ceil((status.until - Date.now()) / 1000));
    left.textContent = state === 'pending' && seconds > 0
      ? (triesLeft === 1 ? '1 try' : triesLeft + ' tries') + ' left, ' + Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0') + ' min.'
      : 'The code is not good any more; start again.';
  }

  async function ask() {
    if (document.hidden) return;
    const {transactionId} = started;
    try {
      const reply = await call('POST', '/services/Twilio/transactionStatus', {transactionId},
        (news) => news && (news.state !== status?.state || news.delivery !== status?.delivery));
      if (transactionId !== started?.transactionId || !asking) return;
      status = {...reply, until: Date.now() + reply.expiresIn * 1000};
      showStatus();
      if (reply.state !== 'pending') stopAsking();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  function keepAsking() {
    stopAsking();
    let second = 0;
    asking = setInterval(() => {
      if (status) showStatus();
      if (++second % 2 === 0) ask();
    }, 1000);
    ask();
  }

  function stopAsking() {
    clearInterval(asking);
    asking = undefined;
  }

  function step(form) {
    if (view.matches('section')) go(view.id + (form === second ? '/code' : ''));
    if (form === second) {
      status = undefined;
      delivery.textContent = left.textContent = '';
      keepAsking();
    } else {
      stopAsking();
    }
    first.hidden = form !== first;
    second.hidden = form !== second;
    clearErrors(view);
    (form.querySelector('input:not([type=radio])') ?? form.querySelector('[type=submit]')).focus();
  }

  function reset() {
    started = undefined;
    keep();
    clearInterval(timer);
    stopAsking();
    first.reset();
    second.reset();
    first.dispatchEvent(new Event('change'));
    first.hidden = false;
    second.hidden = true;
    clearErrors(view);
  }

  async function complete(fields) {
    try {
      await finish({...fields, phone, transactionId: started.transactionId});
    } catch (error) {
      keep();
      const form = [second, first].find((each) => error instanceof Failure && fieldOf(each, error));
      if (form === first) keep(fields.code);
      if (form && form.hidden) step(form);
      if (form) error.area = form;
      if (startAgain.includes(error.code)) {
        if (second.hidden) started = undefined; // the next press sends another code
        else again.focus();
      }
      if (asking) ask();
      throw error;
    }
    reset();
    view.querySelector('summary')?.focus();
  }

  const fieldsOf = (form) => Object.fromEntries(new FormData(form));

  onSubmit(first, async (fields) => {
    const given = (fields.phone ?? session[phoneColumn]).trim();
    if (started && kept && given === phone) return complete({...fields, code: kept});
    phone = given;
    keep();
    const reply = await start({...fields, phone});
    if (!reply) return reset();
    take(reply);
    second.elements.code.value = '';
    step(second);
  });

  first.addEventListener('input', () => { if (kept && first.elements.phone?.value.trim() !== phone) keep(); });

  onSubmit(second, (fields) => complete({...fieldsOf(first), ...fields, code: fields.code.replace(/\s/g, '')}));

  resend.addEventListener('click', async () => {
    if (resend.getAttribute('aria-disabled') === 'true') return;
    const error = await guarded(second, async () => {
      take(await call('POST', '/services/Twilio/resendCode', {transactionId: started.transactionId}));
      say('The code was sent again.');
      keepAsking();
      second.elements.code.focus();
    });
    if (error?.detail.retryAfter) wait(error.detail.retryAfter);
  });

  again.addEventListener('click', () => { say(''); keep(); step(first); });
  if (view.matches('section'))
    resume[view.id] = (isSecond) => {
      const form = isSecond && started ? second : first;
      if (form.hidden) step(form);
      return form === second;
    };
  return reset;
}

