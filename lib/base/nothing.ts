/** Where a function is asked for and nothing is to be done. */
export const nothing = (): void => undefined;
