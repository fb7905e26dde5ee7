import { byId, setText } from './dom.js';
import { forgetCookie } from './docs-link.js';
import { beginSignIn, completeSignIn, endOfSession, SignInError, takeSignInAnswer, whyNoSignIn } from './provider.js';
import { sessionFrom } from './session.js';
import { forget, forgetSession, keep } from './tab-storage.js';

/** @param {unknown} error */
const sentenceIn = (error) => (error instanceof SignInError ? error.message : 'The API cannot be reached. Try again.');

/**
 * Takes the session from the address, if the provider has just sent the browser here.
 * @returns {Promise<string>} why nobody is signed in; '' after a sign-in
 */
export async function arrive() {
  const answer = takeSignInAnswer();
  if (!answer) return '';
  try {
    const { id, tokens } = await completeSignIn(answer);
    keep('session', sessionFrom(tokens, Date.now(), { id }));
    return '';
  } catch (error) {
    return sentenceIn(error);
  }
}

/** Nothing on this page is for the next person. The browser may keep a page that it leaves, to go back to it. */
export function clearWhenLeft() {
  window.addEventListener('pagehide', clearScreen);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
}

function clearScreen() {
  delete byId('main', HTMLElement).dataset.view;
  byId('panel', HTMLDialogElement).close();
}

/** @param {() => void} beforeLeaving */
export function createSignIn(beforeLeaving) {
  const said = byId('session', HTMLElement);
  const signIn = byId('sign-in', HTMLButtonElement);
  const signOut = byId('sign-out', HTMLButtonElement);

  async function leaveToSignIn() {
    signIn.disabled = true;
    setText(said, 'Going to the sign-in.');
    try {
      const url = await beginSignIn();
      beforeLeaving();
      location.assign(url);
    } catch (error) {
      setText(said, sentenceIn(error));
      signIn.disabled = false;
    }
  }

  async function leaveForGood() {
    signOut.disabled = true;
    clearScreen();
    forgetSession();
    forget('signIn');
    forget('draft');
    forgetCookie();
    setText(said, 'Signing out.');
    const next = await endOfSession().catch(() => undefined);
    // A new document: nothing of this one stays in memory.
    location.replace(next ?? location.pathname);
  }

  signIn.addEventListener('click', () => void leaveToSignIn());
  signOut.addEventListener('click', () => void leaveForGood());

  return {
    /** @param {string} sentence why the person must sign in */
    async offer(sentence) {
      setText(said, sentence);
      // While the API is away, nobody knows; the button says more.
      const problem = await whyNoSignIn().catch((error) => (error instanceof SignInError ? error.message : undefined));
      if (problem !== undefined) setText(said, problem);
      signIn.hidden = problem !== undefined;
    },
    /** @param {string} name of the person who is signed in */
    greet(name) {
      setText(byId('who-name', HTMLElement), name);
      byId('who', HTMLElement).hidden = false;
    },
    /** @param {string} sentence */
    say(sentence) {
      setText(said, sentence);
    },
  };
}
