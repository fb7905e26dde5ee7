/** The sign-in form: who a person is, chosen from a list. */
import { text } from 'node:stream/consumers';
import { errors } from 'oidc-provider';
import { errorPage, signInPage } from './pages.mjs';
import { PEOPLE } from './registered.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {import('node:http').ServerResponse} Response
 */

/** The form has one short field. */
const MAX_BYTES = 1_000;

/** @param {Response} response @param {number} status @param {string} html */
function show(response, status, html) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
}

/** Whether the form was sent by this provider's own page. Browsers set these headers. @param {Request} request */
function isFromOwnPage({ headers }) {
  const { origin, host, 'sec-fetch-site': site } = headers;
  return (site === undefined || site === 'same-origin') && (origin === undefined || origin === `http://${host}`);
}

/**
 * Reads the form.
 * @param {Request} request @returns {Promise<{ login: { accountId: string } } | { error: string, error_description: string } | undefined>}
 */
async function readChoice(request) {
  if (!isFromOwnPage(request)) return undefined;
  if (!(Number(request.headers['content-length']) <= MAX_BYTES)) return undefined;
  const form = new URLSearchParams(await text(request));
  if (form.has('cancel')) return { error: 'access_denied', error_description: 'The person cancelled the sign-in.' };
  const person = form.get('person') ?? '';
  return Object.hasOwn(PEOPLE, person) ? { login: { accountId: person } } : undefined;
}

/**
 * Handles `/sign-in/<id>`. A cookie ties the id to the browser that began the sign-in.
 * @param {import('oidc-provider').Provider} provider @param {Request} request @param {Response} response
 */
export async function signIn(provider, request, response) {
  try {
    const { params } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST') {
      const client = await provider.Client.find(String(params['client_id']));
      show(response, 200, signInPage(client?.clientName ?? 'the program'));
      return;
    }
    const choice = await readChoice(request);
    if (choice) await provider.interactionFinished(request, response, choice, { mergeWithLastSubmission: false });
    else show(response, 400, errorPage('The form was not sent by the sign-in page.'));
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    show(response, 400, errorPage('This sign-in has expired, or it was begun in another browser.'));
  }
}
