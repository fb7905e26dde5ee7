type Route = { method: string | string[]; url: string };

/** Remembers the routes as they are registered, to tell a wrong method from a wrong path. */
export function createAllowedMethods() {
  const routes: { method: string; pattern: RegExp }[] = [];
  return {
    add({ method, url }: Route): void {
      if (url.includes('*')) return;
      const pattern = new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:[A-Za-z]+/g, '[^/]+')}$`);
      for (const name of [method].flat()) routes.push({ method: name, pattern });
    },
    /** Methods that the path knows; none when there is no such path. */
    of(path: string): string[] {
      return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].sort();
    },
  };
}

export type AllowedMethods = ReturnType<typeof createAllowedMethods>;
