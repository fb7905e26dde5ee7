type Route = { method: string | string[]; url: string };

/** Records the registered routes, to tell a wrong method (405) from a wrong path (404). */
export function createAllowedMethods() {
  const routes: { method: string; pattern: RegExp }[] = [];
  return {
    add({ method, url }: Route): void {
      if (url.includes('*')) return;
      const pattern = new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:[A-Za-z]+/g, '[^/]+')}$`);
      for (const name of [method].flat()) routes.push({ method: name, pattern });
    },
    /** The methods of a path; none when it does not exist. */
    of(path: string): string[] {
      return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].sort();
    },
  };
}

export type AllowedMethods = ReturnType<typeof createAllowedMethods>;
