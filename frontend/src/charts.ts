export function startChart(_element: HTMLElement): void {}
