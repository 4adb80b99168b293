// The page in a frame of a notebook: what it asks goes to the kernel, and what the kernel answers comes back.

function render({ model, el }) {
  const frame = document.createElement("iframe");
  Object.assign(frame, { title: "The Explorer", srcdoc: model.get("page") });
  frame.setAttribute("sandbox", "allow-scripts");
  frame.style.cssText = `display: block; width: 100%; height: ${model.get("height")}px; border: 0`;
  const asked = ({ source, data }) => source === frame.contentWindow && model.send(data);
  const answered = (answer, buffers) => {
    const bytes = buffers?.[0]; // a DataView, or an ArrayBuffer, as the notebook has it
    const answers = bytes && new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength).slice().buffer;
    frame.contentWindow?.postMessage({ ...answer, answers }, "*");
  };
  addEventListener("message", asked);
  model.on("msg:custom", answered);
  el.append(frame);
  return () => {
    removeEventListener("message", asked);
    model.off("msg:custom", answered);
  };
}

export default { render };
