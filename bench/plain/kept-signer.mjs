export const keepSigner = () => undefined;
