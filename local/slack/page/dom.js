// Elements are only ever made here, and their text only ever set as text: nothing in a message is read as HTML.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// Keep a list's elements in the order of `things`; make anew only those that changed, so that no press is lost.
export function reconcile(list, things, key, make) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  things.forEach((thing, place) => {
    const name = key(thing), content = JSON.stringify(thing);
    let child = old.get(name);
    if (!child || child.content !== content) {
      const made = make(thing);
      made.dataset.key = name;
      made.content = content;
      if (child) child.replaceWith(made);
      child = made;
    }
    old.delete(name);
    if (list.children[place] !== child) list.insertBefore(child, list.children[place] ?? null);
  });
  for (const gone of old.values()) gone.remove();
}
