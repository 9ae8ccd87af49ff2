<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\ConfigurationException;

/**
 * Creates and changes accounts. Saving never starts a sign-in: it says that one is needed and offers the button.
 */
final class AccountEditor
{
    public function __construct(private readonly Visit $visit)
    {
    }

    public function show(): Response
    {
        $name = $this->visit->accountName();

        return $this->form($name === '' ? AccountForm::empty($this->visit->tenant->suggestions) : AccountForm::of($this->visit->account()));
    }

    public function save(): Response
    {
        $visit = $this->visit;
        $name = $visit->accountName();
        $form = AccountForm::entered($visit->request, $name === '' ? null : $visit->account());
        if (!$form->check($visit->words)) {
            return $this->form($form);
        }
        if ($form->account === null && $visit->client->hasAccount($form->name)) {
            $form->errors['name'] = $visit->words->text('form.name_taken');

            return $this->form($form);
        }
        try {
            /** @var array{redirect_uri?: string} $settings of any keys and types, as the host configured them: saving judges them */
            $settings = $visit->tenant->account + [
                // One that is stored may be that of the host's own sign-in.
                'redirect_uri' => $form->account->redirectUri ?? $visit->configuration->redirectUri($visit->request),
            ] + $form->settings();
            $signInNeeded = $visit->client->saveAccount($form->name, $settings);
        } catch (ConfigurationException $refused) {
            $form->blame($refused->getProblem(), $visit->words);

            return $this->form($form);
        }
        $missing = $this->missingFolders($form->name);
        $visit->tell(new Notice(
            $signInNeeded || $missing !== '' ? 'warning' : 'success',
            match (true) {
                $signInNeeded => 'saved.sign_in',
                $missing !== '' => 'saved.no_folders',
                default => 'saved.done',
            },
            ['account' => $form->name] + ($signInNeeded || $missing === '' ? [] : ['fields' => $missing]),
            $form->name,
            $signInNeeded,
        ));

        return $visit->request->form('then') === 'folders'
            ? $visit->seeOther('folders', ['account' => $form->name])
            : $visit->seeOther();
    }

    private function missingFolders(string $account): string
    {
        return (new AccountRow($this->visit->client->getAccount($account), new \DateTimeImmutable()))->missingFolderNames($this->visit->words);
    }

    private function form(AccountForm $form): Response
    {
        return $this->visit->page('form', [
            'form' => $form->withoutSecret(),
            'redirect_uri' => $this->visit->configuration->redirectUri($this->visit->request),
        ], $form->errors === [] ? 200 : 422);
    }
}
