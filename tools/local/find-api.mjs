import { LocalError } from './fail.mjs';
import { findSystem } from './find-system.mjs';

/** The URL of the API, without a slash at the end: API_URL, or that of the system that runs here. @param {string} root */
export async function findApi(root) {
  const named = process.env['API_URL']?.trim();
  if (!named) return (await findSystem(root, process.env, 'api')).url;
  if (!URL.canParse(named)) throw new LocalError('API_URL must be an http(s) URL such as http://127.0.0.1:3000.', '');
  return named.replace(/\/+$/, '');
}
