import type { Api } from './start-api.js';

export type Route = { method: string; /** With parameters, such as /api/orders/:orderId. */ url: string };

/** Every route that the server has, from its own list, so that none can be left out. HEAD routes are included. */
export async function routesOf({ app }: Api): Promise<Route[]> {
  const server = app.getHttpAdapter().getInstance();
  await server.ready();
  const routes: Route[] = [];
  /** The paths of the lines above, by depth. Each line continues the path of the line that it is under. */
  const paths: string[] = [];
  for (const line of server.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S*) \(([A-Z, ]+)\)$/.exec(line) ?? [];
    if (methods === '') continue;
    const depth = indent.length / 4;
    const url = `${depth === 0 ? '' : (paths[depth - 1] ?? '')}${part}`;
    paths.splice(depth, Infinity, url);
    for (const method of methods.split(', ')) routes.push({ method, url });
  }
  return routes;
}
