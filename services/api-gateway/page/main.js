import { whenSessionEnds } from './api.js';
import { isOperator, mayRead, nameOf, readCaller } from './caller.js';
import { lendTokenTo } from './docs-link.js';
import { byId } from './dom.js';
import { createLiveView, showConnection } from './live-view.js';
import { arrive, clearWhenLeft, createSignIn } from './sign-in.js';
import { keep, take } from './tab-storage.js';

/** Keeps what was typed while the person signs in again. Set when someone is signed in. */
let keepDraft = () => {};
const signIn = createSignIn(() => {
  keepDraft();
});
let ended = '';
whenSessionEnds((sentence) => {
  ended = sentence;
  void signIn.offer(`${sentence} Sign in to go on; what you typed is kept.`);
});

const problem = await arrive();
const caller = await readCaller((sentence) => {
  showConnection(sentence === '' ? 'connecting' : 'away', sentence);
});
if (!caller || caller.subject !== undefined) clearWhenLeft();
if (!caller) {
  showConnection('out', '');
  void signIn.offer(problem || ended || 'Sign in to place orders and to follow them.');
} else {
  const { subject } = caller;
  const name = nameOf(caller);
  const docs = byId('docs', HTMLAnchorElement);
  docs.hidden = !isOperator(caller);
  if (name !== undefined) {
    signIn.greet(name);
    signIn.say(problem);
    lendTokenTo(docs);
  }
  if (!mayRead(caller)) {
    signIn.say('Your account may not read orders: its token has none of the scopes orders:read and ops.');
  }
  const { form } = createLiveView(caller);
  const draft = take('draft');
  if (draft !== undefined && draft.subject === subject) form.restore(draft.order);
  keepDraft = () => {
    keep('draft', { subject, order: form.draft() });
  };
}
