"use strict";
// Loaded as a plain script: browsers load no modules from a disk.
(() => {
  const find = id => document.getElementById(id);
  const wall = document.querySelector(".wall"), tiles = [...wall.querySelectorAll("a")];
  const large = find("large"), picture = large.querySelector("img"), caption = large.querySelector("figcaption");
  let current = 0;

  function show(place) {
    current = (place + tiles.length) % tiles.length;
    const tile = tiles[current], small = tile.firstElementChild;
    picture.src = find("file").href = tile.href;
    picture.alt = small.alt;
    picture.width = small.getAttribute("width");
    picture.height = small.getAttribute("height");
    caption.textContent = tile.dataset.said;
    if (!large.open) large.showModal();
    history.replaceState(null, "", "#" + tile.id);
  }
  tiles.forEach((tile, place) => tile.addEventListener("click", event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !large.showModal) return;
    event.preventDefault();
    show(place);
  }));
  // On the wall the arrows go from image to image; a column has every `columns`-th of them.
  wall.addEventListener("keydown", event => {
    const place = tiles.indexOf(document.activeElement);
    const columns = getComputedStyle(wall).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (place < 0 || !step || !tiles[place + step]) return;
    event.preventDefault();
    tiles[place + step].focus();
  });
  large.addEventListener("keydown", event => {
    const place = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: tiles.length - 1 }[event.key];
    if (place === undefined) return;
    event.preventDefault();
    show(place);
  });
  find("previous").addEventListener("click", () => show(current - 1));
  find("next").addEventListener("click", () => show(current + 1));
  find("close").addEventListener("click", () => large.close());
  large.addEventListener("click", event => { if (event.target === large) large.close(); });
  large.addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    tiles[current].focus();
  });
  const linked = tiles.findIndex(tile => "#" + tile.id === location.hash);
  if (linked >= 0 && large.showModal) show(linked);

  const quiz = document.querySelector(".quiz");
  if (quiz) {
    const items = [...quiz.querySelectorAll("li")], ticked = item => item.querySelector("input").checked;
    quiz.querySelector("details").addEventListener("toggle", event => {
      const reals = items.filter(item => item.classList.contains("real"));
      const found = reals.filter(ticked).length, wrong = items.filter(ticked).length - found;
      find("found").textContent = event.target.open && (found || wrong)
        ? `You found ${found} of ${reals.length} real ones, and held ${wrong} drawn for real.` : "";
    });
  }

  const pause = find("pause");
  if (pause) {
    const film = document.querySelector(".film img"), sources = [...document.querySelectorAll(".film source")];
    const moving = film.getAttribute("src");
    let still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    pause.hidden = false;
    const say = () => { pause.textContent = still ? "Play" : "Stop"; };
    pause.addEventListener("click", () => {
      still = !still;
      sources.forEach(source => source.remove());
      film.src = still ? pause.dataset.still : moving;
      say();
    });
    say();
  }
})();
