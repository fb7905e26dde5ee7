/** The pages of the provider. They have no scripts, and their styles are a file. */
import { PEOPLE } from './registered.mjs';

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[/** @type {keyof typeof ENTITIES} */ (character)]);
}

/** @param {string} title @param {string} main HTML */
function page(title, main) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${main}
</main>
</body>
</html>
`;
}

const PERSON_BUTTONS = Object.entries(PEOPLE)
  .map(
    ([name, { role }]) =>
      `<button name="person" value="${escape(name)}"><b>${escape(name)}</b>, ${escape(role)}</button>`,
  )
  .join('\n');

/** @param {string} client the name of the program that wants to know who signs in */
export function signInPage(client) {
  return page(
    'Sign in to Orderflow',
    `<p>Who are you? After that you return to ${escape(client)}.</p>
<form method="post">
${PERSON_BUTTONS}
<button name="cancel" value="yes" class="quiet">Cancel</button>
</form>
<p class="note">There are no passwords: this provider is for trying Orderflow on this machine only. Anyone who can reach it
can sign in as anyone.</p>`,
  );
}

/** @param {string | undefined} person @param {string} form with the id op.logoutForm */
export function signOutPage(person, form) {
  return page(
    'Sign out',
    `<p>You are signed in as <b>${escape(person ?? 'nobody')}</b>.</p>
${form}
<button form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button form="op.logoutForm" class="quiet">Stay signed in</button>`,
  );
}

export function signedOutPage() {
  return page('Signed out', '<p>You can close this page.</p>');
}

/** @param {string} problem */
export function errorPage(problem) {
  return page(
    'This did not work',
    `<p>${escape(problem)}</p>\n<p>Go back to where you came from, and sign in again.</p>`,
  );
}

export const STYLES = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 24rem; margin: 4rem auto; padding: 0 1rem; }
button { display: block; width: 100%; margin: 0.5rem 0; padding: 0.75rem; font: inherit; cursor: pointer; }
button.quiet { border: 0; background: none; text-decoration: underline; }
.note { font-size: 0.875rem; }
`;
