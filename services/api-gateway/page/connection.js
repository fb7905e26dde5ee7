import { byId, setAttribute, setText } from './dom.js';

const SAID = {
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused while hidden',
  away: 'Not connected',
};
const AWAY = 'The API cannot be reached. The page shows the last known state and keeps trying to connect.';

/** Shows the connection's state in the header, and a problem in a banner: the connection's first, then one with AWS. */
export function createConnection() {
  const line = byId('connection', HTMLParagraphElement);
  const banner = byId('problem', HTMLParagraphElement);
  let isAway = false;
  /** @type {string | undefined} */
  let problem;

  const show = () => setText(banner, isAway ? AWAY : (problem ?? ''));
  return {
    setConnection: (/** @type {keyof typeof SAID} */ state) => {
      isAway = state === 'away' || (isAway && state === 'connecting');
      setAttribute(line, 'data-state', state);
      setText(line, SAID[state]);
      show();
    },
    /** As the API reports it. */
    setProblem: (/** @type {string | undefined} */ said) => {
      problem = said;
      show();
    },
  };
}
