//! The pages of the back office, those of who may do what, the board, the comparison, the first steps and the timeline of the floor: a part of the program of its own,
//! which is loaded when the first of them is opened.

use crate::components::first_steps::FirstSteps as FirstStepsPanel;
use crate::components::notice::Refused;
use crate::components::skeleton::Skeleton;
use crate::pages::access::Access as AccessPage;
use crate::pages::board::Board as BoardPage;
use crate::pages::cameras::Cameras as CamerasPage;
use crate::pages::compare::Compare as ComparePage;
use crate::pages::data_problems::DataProblems as DataProblemsPage;
use crate::pages::decisions::Decisions as DecisionsPage;
use crate::pages::decisions::correction::{CorrectionForm, CorrectionView};
use crate::pages::decisions::several::{SeveralForm, SeveralView};
use crate::pages::devices::Devices as DevicesPage;
use crate::pages::floor::timeline::{TimelinePanel, TimelineView};
use crate::pages::moved::{MovedPanel, MovedView};
use crate::pages::people::People as PeoplePage;
use crate::route::{AccessAddress, BoardAddress, CompareAddress, DecisionsAddress, DevicesAddress};
use crate::words::{back_office as words, moved::ASKED};
use dioxus::prelude::*;
#[cfg(all(target_arch = "wasm32", not(debug_assertions)))]
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_split::LazyLoader;

/// What the part draws: a page with what its address says, or a panel of one.
#[derive(Clone, PartialEq)]
enum Page {
    Cameras(DevicesAddress),
    Devices(DevicesAddress),
    DataProblems(DevicesAddress),
    Decisions(DecisionsAddress),
    People(DevicesAddress),
    Access(AccessAddress),
    Board(BoardAddress),
    Compare(CompareAddress),
    FirstSteps(Option<(String, String)>),
    FloorTimeline(Box<TimelineView>),
    Correction(Box<CorrectionView>),
    Several(Box<SeveralView>),
    Moved(Box<MovedView>),
}

impl Page {
    /// What is said where the part cannot be loaded.
    fn not_loaded(&self) -> &'static str {
        match self {
            Self::FloorTimeline(_) => words::PANEL_NOT_LOADED,
            Self::Correction(_) | Self::Several(_) => words::FORM_NOT_LOADED,
            Self::Moved(_) => words::MOVED_NOT_LOADED,
            _ => words::NOT_LOADED,
        }
    }

    /// What is in its place until it is there.
    fn placeholder(&self) -> Element {
        match self {
            Self::Moved(_) => rsx! { section { class: "moved", p { class: "moved-line", {ASKED} } } },
            _ => rsx! { Skeleton { lines: 6 } },
        }
    }
}

/// The part's one entrance. Whatever only [`draw`] reaches is in the part; `cargo xtask dashboard` takes it out of a
/// release build.
#[cfg(not(debug_assertions))]
static PART: LazyLoader<Box<Page>, Element> =
    wasm_split::lazy_loader!(extern "back_office" fn draw(page: Box<Page>) -> Element);
#[cfg(debug_assertions)]
static PART: LazyLoader<Box<Page>, Element> = LazyLoader::preloaded(draw);

/// Takes the page behind a pointer: what calls it takes it for a C function, which is given anything larger in another way.
#[allow(clippy::boxed_local, reason = "see above")]
fn draw(page: Box<Page>) -> Element {
    match *page {
        Page::Cameras(address) => rsx! { CamerasPage { address } },
        Page::Devices(address) => rsx! { DevicesPage { address } },
        Page::DataProblems(address) => rsx! { DataProblemsPage { address } },
        Page::Decisions(address) => rsx! { DecisionsPage { address } },
        Page::People(address) => rsx! { PeoplePage { address } },
        Page::Access(address) => rsx! { AccessPage { address } },
        Page::Board(address) => rsx! { BoardPage { address } },
        Page::Compare(address) => rsx! { ComparePage { address } },
        Page::FirstSteps(factory) => rsx! { FirstStepsPanel { factory } },
        Page::Correction(view) => rsx! { CorrectionForm { view: *view } },
        Page::Several(view) => rsx! { SeveralForm { view: *view } },
        Page::Moved(view) => rsx! { MovedPanel { view: *view } },
        Page::FloorTimeline(view) => rsx! { TimelinePanel { view: *view } },
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Loading,
    Failed,
    Loaded,
}

/// The cameras and other sources of events.
#[component]
pub(crate) fn Cameras(address: ReadSignal<DevicesAddress>) -> Element {
    rsx! { BackOffice { page: Page::Cameras(address()) } }
}

/// The devices that send events.
#[component]
pub(crate) fn Devices(address: ReadSignal<DevicesAddress>) -> Element {
    rsx! { BackOffice { page: Page::Devices(address()) } }
}

/// What came and was not stored.
#[component]
pub(crate) fn DataProblems(address: ReadSignal<DevicesAddress>) -> Element {
    rsx! { BackOffice { page: Page::DataProblems(address()) } }
}

/// What people decided about reports.
#[component]
pub(crate) fn Decisions(address: ReadSignal<DecisionsAddress>) -> Element {
    rsx! { BackOffice { page: Page::Decisions(address()) } }
}

/// Who and what is on the floor, and what they are called.
#[component]
pub(crate) fn People(address: ReadSignal<DevicesAddress>) -> Element {
    rsx! { BackOffice { page: Page::People(address()) } }
}

/// Who may do what, what was done, and who looked at whom.
#[component]
pub(crate) fn Access(address: ReadSignal<AccessAddress>) -> Element {
    rsx! { BackOffice { page: Page::Access(address()) } }
}

/// The factory for a television, which stays open for weeks and can wait a moment for its program.
#[component]
pub(crate) fn Board(address: ReadSignal<BoardAddress>) -> Element {
    rsx! { BackOffice { page: Page::Board(address()) } }
}

/// Several workers or workstations side by side, whom somebody has to choose first.
#[component]
pub(crate) fn Compare(address: ReadSignal<CompareAddress>) -> Element {
    rsx! { BackOffice { page: Page::Compare(address()) } }
}

/// What to do as long as there is no factory, or no event in the one of this id and name: seen once in a factory's life.
#[component]
pub(crate) fn FirstSteps(factory: Option<(String, String)>) -> Element {
    rsx! { BackOffice { page: Page::FirstSteps(factory) } }
}

/// What everybody was doing over the window of the floor, which shows other things first.
#[component]
pub(crate) fn FloorTimeline(view: TimelineView) -> Element {
    rsx! { BackOffice { page: Page::FloorTimeline(Box::new(view)) } }
}

/// Corrects a span of one worker or workstation.
#[component]
pub(crate) fn Correction(view: CorrectionView) -> Element {
    rsx! { BackOffice { page: Page::Correction(Box::new(view)) } }
}

/// Corrects a span of several at once.
#[component]
pub(crate) fn Several(view: SeveralView) -> Element {
    rsx! { BackOffice { page: Page::Several(Box::new(view)) } }
}

/// What moved figures that were closed.
#[component]
pub(crate) fn Moved(view: MovedView) -> Element {
    rsx! { BackOffice { page: Page::Moved(Box::new(view)) } }
}

/// A page, or how far it is with being loaded.
#[component]
fn BackOffice(page: Page) -> Element {
    let mut progress = use_signal(|| Progress::Loading);
    let load = use_callback(move |()| {
        progress.set(Progress::Loading);
        spawn(async move {
            progress.set(if load_part().await { Progress::Loaded } else { Progress::Failed });
        });
    });
    use_hook(|| load(()));
    match progress() {
        Progress::Loading => page.placeholder(),
        Progress::Failed => rsx! { Refused { reason: page.not_loaded().to_owned(), onretry: load } },
        Progress::Loaded => rsx! { Loaded { page } },
    }
}

/// A component of its own, because the page has hooks of its own.
#[component]
fn Loaded(page: Page) -> Element {
    PART.call(Box::new(page)).unwrap_or_else(|_| VNode::empty())
}

/// Whether the part is there; an attempt that failed may be made again.
async fn load_part() -> bool {
    #[cfg(all(target_arch = "wasm32", not(debug_assertions)))]
    {
        #[wasm_bindgen(raw_module = "./__wasm_split.js")]
        extern "C" {
            #[wasm_bindgen(js_name = loadPart)]
            fn load_part(name: &str) -> js_sys::Promise;
        }
        if wasm_bindgen_futures::JsFuture::from(load_part("back_office")).await.is_err() {
            return false;
        }
    }
    PART.load().await
}
