// SPDX-License-Identifier: BSL-1.0
// The menu on a phone, and a search of names. Everything can be reached without it.
{
  const menu = document.getElementById('menu');
  menu.hidden = false;
  document.body.classList.add('closed');
  menu.addEventListener('click', () => {
    menu.setAttribute('aria-expanded', String(!document.body.classList.toggle('closed')));
  });

  const field = document.getElementById('find'), list = document.getElementById('found');
  document.querySelector('header search').hidden = false;
  let names, at = -1; // [[name, page, kind], …]
  const load = () => {
    names ??= fetch('names.json').then((reply) => reply.json());
    return names;
  };
  const close = () => {
    list.hidden = true;
    at = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const select = (index) => {
    const items = [...list.children];
    if (!items.length) return;
    at = (index + items.length) % items.length;
    items.forEach((item, i) => item.setAttribute('aria-selected', String(i === at)));
    items[at].scrollIntoView({block: 'nearest'});
    field.setAttribute('aria-activedescendant', items[at].id);
  };
  field.addEventListener('focus', load);
  field.addEventListener('input', async () => {
    const wanted = field.value.trim().toLowerCase();
    if (!wanted) return close();
    const last = (name) => name.toLowerCase().split('::').pop();
    const rank = ([name]) => [last(name) === wanted, last(name).startsWith(wanted), true].indexOf(true) * 1000 +
      (/::(flows|rules)::/.test(name) ? 500 : 0) + name.length; // what applications call comes first
    const all = (await load()).filter(([name]) => name.toLowerCase().includes(wanted));
    if (field.value.trim().toLowerCase() !== wanted) return; // somebody types on
    list.replaceChildren(...all.sort((a, b) => rank(a) - rank(b)).slice(0, 20).map(([name, page, kind], i) => {
      const item = document.createElement('li');
      item.id = `found-${i}`;
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', 'false');
      item.append(name, ' ', Object.assign(document.createElement('small'), {textContent: kind}));
      item.addEventListener('mousedown', () => { location.href = page; });
      return item;
    }));
    list.hidden = !all.length;
    at = -1;
    field.setAttribute('aria-expanded', String(!list.hidden));
    field.dataset.pages = JSON.stringify(all.slice(0, 20).map(([, page]) => page));
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return close();
    if (list.hidden) return;
    if (event.key === 'ArrowDown') select(at + 1);
    else if (event.key === 'ArrowUp') select(at - 1);
    else if (event.key === 'Enter') location.href = JSON.parse(field.dataset.pages)[at < 0 ? 0 : at];
    else return;
    event.preventDefault();
  });
  field.addEventListener('blur', close);
}
