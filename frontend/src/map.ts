export function startMap(_element: HTMLElement): void {}
