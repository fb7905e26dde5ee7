export const removeUnusedMiddleware = () => undefined;
