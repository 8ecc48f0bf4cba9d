// Signing and drawing on the screen: a canvas draws what a finger or a pen writes, and the hidden field that the canvas
// names sends it as a picture. What is changed after it was signed must be signed anew.

const INK = "#000";

function start(canvas: HTMLCanvasElement): void {
  const form = canvas.closest("form");
  const name = canvas.dataset.signature || "signature";
  const sent = form?.querySelector<HTMLInputElement>(`input[type=hidden][name=${name}]`);
  const pen = canvas.getContext("2d");
  if (!form || !sent || !pen) return;
  const clear = (): void => {
    canvas.width = canvas.clientWidth * 2;
    canvas.height = canvas.clientHeight * 2;
    pen.scale(2, 2);
    pen.lineWidth = 2.4;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = INK;
    sent.value = "";
  };
  const at = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let writing = false;
  canvas.addEventListener("pointerdown", (event) => {
    writing = true;
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!writing) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  const lifted = (): void => {
    if (!writing) return;
    writing = false;
    sent.value = canvas.toDataURL("image/png");
  };
  canvas.addEventListener("pointerup", lifted);
  canvas.addEventListener("pointercancel", lifted);
  form.querySelector(`[data-signature-clear=${name}]`)?.addEventListener("click", clear);
  if (name === "signature") form.addEventListener("input", () => sent.value && clear());
  clear();
}

export function startSignatures(root: ParentNode): void {
  root.querySelectorAll<HTMLCanvasElement>("canvas[data-signature]").forEach(start);
}
