/* SPDX-License-Identifier: Apache-2.0 */
// Wheel, mouse and touch on the picture. Wheel zooms about the pointer, shift and wheel pan; dragging pans, shift and
// dragging selects a region; one finger pans (the page still scrolls up and down), two zoom.

const WHEEL_STEP = 0.0016,
  LINE_PX = 20,
  CLICK_PX = 4;

/** Attach to a plot; `actions` = {hover(point|null), pick(point)} are called with places in CSS pixels. */
export function attach(plot, view, actions) {
  const place = plot.place,
    fingers = new Map();
  let drag = null;

  const point = (event) => {
    const box = place.getBoundingClientRect();
    return {
      x: event.clientX - box.left,
      y: event.clientY - box.top,
      clientX: event.clientX,
      clientY: event.clientY,
    };
  };

  place.addEventListener(
    "wheel",
    (event) => {
      const lines = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? 400 : 1;
      const across = event.deltaX * lines,
        down = event.deltaY * lines,
        perPixel = view.span / plot.inner;
      if (!event.shiftKey && Math.abs(across) <= Math.abs(down)) {
        if (view.isWhole && down > 0) return; // nothing left to zoom out of: the page scrolls
        event.preventDefault();
        view.zoom(Math.exp(Math.max(-600, Math.min(600, down)) * WHEEL_STEP), plot.time(point(event).x));
      } else {
        event.preventDefault();
        view.pan((event.shiftKey ? across || down : across) * perPixel);
      }
    },
    { passive: false },
  );

  place.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || event.target.closest("button")) return;
    const at = point(event);
    fingers.set(event.pointerId, at);
    place.setPointerCapture(event.pointerId);
    cancelAnimationFrame(view.gliding);
    if (fingers.size === 1) {
      drag = {
        at,
        start: view.start,
        stop: view.stop,
        moved: false,
        select: event.shiftKey,
        from: plot.time(at.x),
      };
    } else drag = pinchOf(fingers, plot);
    place.classList.add("held");
  });

  place.addEventListener("pointermove", (event) => {
    const at = point(event);
    if (!fingers.has(event.pointerId)) {
      if (event.pointerType !== "touch") actions.hover(at);
      return;
    }
    fingers.set(event.pointerId, at);
    if (drag?.pinch && fingers.size > 1) return pinch(drag, fingers, plot, view);
    if (!drag || drag.pinch) return;
    if (Math.abs(at.x - drag.at.x) > CLICK_PX) drag.moved = true;
    if (!drag.moved) return;
    if (drag.select) view.markBoth(drag.from, plot.time(at.x));
    else {
      const by = ((drag.at.x - at.x) / plot.inner) * (drag.stop - drag.start);
      view.show(drag.start + by, drag.stop + by);
    }
    actions.hover(drag.select ? at : null);
  });

  const up = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    const at = point(event);
    if (event.type === "pointerup" && drag && !drag.moved && !drag.pinch) actions.pick(at);
    if (fingers.size === 1) {
      const rest = [...fingers.values()][0]; // the finger that stays goes on panning from where it is
      drag = { at: rest, start: view.start, stop: view.stop, moved: true, select: false };
    } else drag = null;
    if (!fingers.size) place.classList.remove("held");
  };
  place.addEventListener("pointerup", up);
  place.addEventListener("pointercancel", up);
  place.addEventListener("pointerleave", () => {
    if (!fingers.size) actions.hover(null);
  });
  place.addEventListener("dblclick", (event) => {
    if (event.target.closest("button")) return;
    const at = point(event),
      item = plot.under(at.x, at.y).items.find(({ item }) => item.stop > item.start)?.item;
    if (item)
      view.glide(item.start - 0.06 * (item.stop - item.start), item.stop + 0.06 * (item.stop - item.start));
    else view.zoom(event.shiftKey ? 3 : 1 / 3, plot.time(at.x), true);
  });
}

function pinchOf(fingers, plot) {
  const [a, b] = [...fingers.values()];
  return { pinch: true, times: [plot.time(a.x), plot.time(b.x)] };
}

// Both fingers keep hold of the moments of the trace that they were put on.
function pinch(held, fingers, plot, view) {
  const [a, b] = [...fingers.values()].map((finger) => finger.x),
    [s, t] = held.times;
  if (Math.abs(a - b) < 12) return;
  const perPixel = Math.abs((t - s) / (b - a));
  const span = perPixel * plot.inner,
    middle = (s + t) / 2 - ((a + b) / 2 - plot.left) * perPixel;
  if (span >= view.whole) view.show(0, view.whole);
  else view.show(middle, middle + span);
}

/** Make a marker's handle movable; `time(x)` is the moment under a place of the plot. */
export function movable(handle, plot, moved) {
  let held = false;
  handle.addEventListener("pointerdown", (event) => {
    held = true;
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    handle.focus();
  });
  handle.addEventListener("pointermove", (event) => {
    if (held) moved(plot.time(event.clientX - plot.place.getBoundingClientRect().left));
  });
  for (const name of ["pointerup", "pointercancel"])
    handle.addEventListener(name, () => {
      held = false;
    });
}
